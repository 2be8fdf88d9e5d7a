//! Os laboratórios do capítulo 03.

fn main() {}
