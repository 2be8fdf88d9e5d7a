//! Os códigos de erro do WASI preview 1 que este hospedeiro usa. `errno` é o número que cada chamada devolve ao módulo.

/// A chamada deu certo.
pub const SUCCESS: i32 = 0;
/// O descritor não existe: só há 0, 1 e 2.
pub const BADF: i32 = 8;
/// Um argumento está fora do que a chamada aceita.
pub const INVAL: i32 = 28;
/// A chamada não existe neste hospedeiro.
pub const NOSYS: i32 = 52;
/// O descritor não é um arquivo em que se possa mudar de posição.
pub const SPIPE: i32 = 70;
