//! Os laboratórios do capítulo 02.

fn main() {}
