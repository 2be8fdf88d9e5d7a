//! O que os testes do capítulo dividem.
