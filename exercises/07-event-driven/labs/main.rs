//! Os laboratórios do capítulo 07.

fn main() {}
