//! Os laboratórios do capítulo 05.

fn main() {}
