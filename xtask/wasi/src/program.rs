//! O que se entrega a um programa antes de rodá-lo: argumentos, ambiente, entrada e limite de saída.
//!
//! Um teste é um programa que roda sozinho, em uma instância nova: `grade --exact NOME --nocapture`.

/// Bytes de saída (as duas juntas) que bastam para qualquer teste ou linha do tempo.
pub const DEFAULT_OUTPUT_LIMIT: usize = 1024 * 1024;

/// Um programa pronto para rodar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// `argv`, com o nome do programa na posição 0.
    pub args: Vec<String>,
    pub environ: Vec<(String, String)>,
    /// O que há para ler na entrada padrão.
    pub stdin: Vec<u8>,
    /// Quantos bytes o programa pode escrever, somando `stdout` e `stderr`.
    pub output_limit: usize,
}

/// `argv` de um teste: só ele, pelo nome exato, e sem capturar a saída, que chega inteira mesmo se o programa for abortado.
#[must_use]
pub fn test_args(name: &str) -> Vec<String> {
    ["grade", "--exact", name, "--nocapture"].map(str::to_owned).to_vec()
}

/// O ambiente de um teste. Sem as duas variáveis do `insta`, ele tentaria achar a raiz do projeto rodando o cargo e
/// gravar *snapshots* novos; as outras duas deixam a saída igual em toda parte.
#[must_use]
pub fn test_environ() -> Vec<(String, String)> {
    [("INSTA_WORKSPACE_ROOT", "/"), ("INSTA_UPDATE", "no"), ("RUST_BACKTRACE", "0"), ("NO_COLOR", "1")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec()
}

/// O programa que roda o teste `name`.
#[must_use]
pub fn test_program(name: &str) -> Program {
    Program { args: test_args(name), environ: test_environ(), stdin: Vec::new(), output_limit: DEFAULT_OUTPUT_LIMIT }
}

/// O programa que escreve a lista de testes em `stdout`; leia-a com [`parse_list`].
#[must_use]
pub fn list_program() -> Program {
    let args = ["grade", "--list"].map(str::to_owned).to_vec();
    Program { args, environ: test_environ(), stdin: Vec::new(), output_limit: DEFAULT_OUTPUT_LIMIT }
}

/// O programa de um laboratório: o cenário entra como JSON e a linha do tempo sai como JSON.
#[must_use]
pub fn lab_program(scenario: impl Into<Vec<u8>>) -> Program {
    Program {
        args: vec!["lab".to_owned()],
        environ: vec![("RUST_BACKTRACE".to_owned(), "0".to_owned())],
        stdin: scenario.into(),
        output_limit: DEFAULT_OUTPUT_LIMIT,
    }
}

/// Os nomes dos testes na saída de `--list`, na ordem em que aparecem. Só valem linhas `NOME: test`; `NOME: benchmark` e a
/// contagem do fim ficam de fora.
#[must_use]
pub fn parse_list(stdout: &str) -> Vec<String> {
    stdout
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|name| !name.is_empty() && !name.contains(char::is_whitespace))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_only_tests_and_their_order() {
        let stdout = "retries::b: test\nretries::a::case_1_x: test\nsome_bench: benchmark\n\n2 tests, 1 benchmark\n";
        assert_eq!(parse_list(stdout), ["retries::b", "retries::a::case_1_x"]);
        assert!(parse_list("0 tests, 0 benchmarks\n").is_empty());
        assert_eq!(parse_list("a: test\r\numa frase: test\n: test\n"), ["a"]);
    }

    #[test]
    fn a_test_runs_alone_and_uncaptured() {
        assert_eq!(test_args("retries::a"), ["grade", "--exact", "retries::a", "--nocapture"]);
    }
}
