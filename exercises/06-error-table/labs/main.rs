//! Os laboratórios do capítulo 06.

fn main() {}
