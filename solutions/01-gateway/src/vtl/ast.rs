//! A árvore de um template.
//!
//! ```text
//!   Olá, $city.name#if($n > 1)s#end
//!   └─Text─┘└Reference┘└─────If────┘
//!            root: city  steps: [Property(name)]
//! ```

use super::cursor::Position;

/// Um pedaço de template.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Sai como está.
    Text(String),
    /// `$city`: sai o valor.
    Reference(Reference),
    /// `#set($target = value)`
    Set {
        /// O que recebe o valor.
        target: Reference,
        /// O valor.
        value: Expression,
    },
    /// `#if … #elseif … #else … #end`: os ramos, na ordem.
    If(Vec<Branch>),
    /// `#foreach … #end`
    Foreach(Foreach),
}

/// Um ramo de um `#if`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// A condição; o `#else` não tem.
    pub condition: Option<Expression>,
    /// O que sai quando o ramo é o escolhido.
    pub body: Vec<Node>,
}

/// `#foreach($variable in items) body #end`
#[derive(Debug, Clone, PartialEq)]
pub struct Foreach {
    /// O nome da variável, sem o `$`.
    pub variable: String,
    /// Do que se repete.
    pub items: Expression,
    /// O que se repete.
    pub body: Vec<Node>,
}

/// `$root.step.step[step]`, com ou sem `!` e chaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// O nome depois do `$`.
    pub root: String,
    /// O caminho a partir dele.
    pub steps: Vec<Step>,
    /// Como está escrita no template: `$!{city.name}`.
    pub literal: String,
    /// Verdadeiro quando tem o `!`.
    pub quiet: bool,
    /// Onde está o `$`.
    pub position: Position,
}

/// Um passo no caminho de uma referência.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `.name`
    Property(String),
    /// `[0]`, `["name"]`
    Index(Expression),
    /// `.size()`, `.get("name")`
    Call {
        /// O nome do método.
        method: String,
        /// Os argumentos.
        arguments: Vec<Expression>,
    },
}

/// O que tem valor.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// `true`, `false`
    Boolean(bool),
    /// `3`
    Integer(i64),
    /// `2.5`
    Float(f64),
    /// `'texto'`, ou um texto entre aspas duplas em que não há o que trocar.
    Text(String),
    /// `"texto com $referências"`: o texto é um template.
    Interpolated(Vec<Node>),
    /// `$city`
    Reference(Reference),
    /// `[1, "b", $c]`
    List(Vec<Expression>),
    /// `{"a": 1, "b": $c}`
    Map(Vec<(Expression, Expression)>),
    /// `[1..3]`, com as duas pontas.
    Range(Box<Expression>, Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
    /// `a && b`
    And(Box<Expression>, Box<Expression>),
    /// `a || b`
    Or(Box<Expression>, Box<Expression>),
    /// Uma conta ou comparação.
    Binary(Operator, Box<Expression>, Box<Expression>),
}

/// As contas e comparações.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`, que também junta textos.
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, sem resto entre inteiros.
    Divide,
    /// `%`
    Remainder,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}
