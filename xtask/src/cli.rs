//! A linha de comando: o que cada comando aceita, a ajuda e os erros de uso, em português.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::say;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand, ValueEnum};

const TEMPLATE: &str = "{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}";

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Caderno Serverless: avalie os seus passos, peça dicas e abra o livro.",
    help_template = "{about-with-newline}\nUso: {usage}\n\nComandos:\n{subcommands}{after-help}",
    override_usage = "cargo xtask COMANDO [opções]",
    after_help = "Para começar: `cargo xtask grade` avalia o que você escreveu e `cargo xtask serve` abre o livro.\n\
                  `cargo xtask COMANDO --help` explica um comando, com exemplos.",
    disable_help_flag = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    help: Help,
}

#[derive(Debug, Args)]
struct Help {
    /// Mostra esta ajuda
    #[arg(short, long, global = true, action = clap::ArgAction::Help, help_heading = "Opções")]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Grade(Grade),
    Hint(Hint),
    Diff(Diff),
    Reset(Reset),
    Serve(Serve),
    Build(Build),
    Setup(Setup),
    Exercises(Exercises),
    Check(Check),
    Test(Test),
}

/// Avalia os passos e diz o que fazer agora
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask grade [opções] [CAPÍTULO|PASSO…]",
    after_help = "\nExemplos:\n  \
        cargo xtask grade                      avalia tudo\n  \
        cargo xtask grade retries              avalia um passo\n  \
        cargo xtask grade 04-async-invocation  avalia um capítulo\n  \
        cargo xtask grade retries --watch      avalia de novo a cada vez que você salva\n  \
        cargo xtask grade --format json        o relatório para programas\n\n\
        Sai com 0 se tudo passa, 1 se algo não passa, 2 se não deu para avaliar."
)]
pub struct Grade {
    /// O que avaliar; sem nada, o curso inteiro
    #[arg(value_name = "CAPÍTULO|PASSO", help_heading = "O que avaliar")]
    pub names: Vec<String>,
    /// Avalia as respostas, e não os seus arquivos
    #[arg(long, help_heading = "Opções")]
    pub solutions: bool,
    /// Roda os testes em WASM, isolados da máquina
    #[arg(long, help_heading = "Opções")]
    pub sandbox: bool,
    /// Avalia de novo quando um arquivo muda; Ctrl-C encerra
    #[arg(long, conflicts_with = "output", help_heading = "Opções")]
    pub watch: bool,
    /// A forma do relatório
    #[arg(
        long,
        value_name = "human|json",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Opções"
    )]
    pub format: Format,
    /// Grava o relatório em um arquivo
    #[arg(long, value_name = "ARQUIVO", help_heading = "Opções")]
    pub output: Option<PathBuf>,
    /// O prazo de cada teste, em segundos (padrão: 5)
    #[arg(long, value_name = "SEGUNDOS", value_parser = seconds, help_heading = "Opções")]
    pub timeout: Option<f64>,
    /// Quantos testes ao mesmo tempo (padrão: um por núcleo)
    #[arg(long, value_name = "N", value_parser = jobs, help_heading = "Opções")]
    pub jobs: Option<usize>,
    /// Instala antes o que falta para o sandbox, como `cargo xtask setup`
    #[arg(long, help_heading = "Opções")]
    pub setup: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Para pessoas
    #[default]
    Human,
    /// Para programas
    Json,
}

/// Mostra a próxima dica de um passo
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask hint PASSO [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask hint retries            a primeira dica, a mais leve\n  \
        cargo xtask hint retries --level 3  a que quase entrega a resposta"
)]
pub struct Hint {
    /// O passo, por exemplo `retries`
    #[arg(value_name = "PASSO", help_heading = "O passo")]
    pub step: String,
    /// Até que nível mostrar, de 1 a 3 (padrão: 1)
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true, help_heading = "Opções")]
    pub level: usize,
}

/// Compara o seu arquivo com a resposta, depois que o passo passa
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask diff PASSO [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask diff retries            só depois que o passo passa\n  \
        cargo xtask diff retries --spoiler  agora mesmo"
)]
pub struct Diff {
    /// O passo, por exemplo `retries`
    #[arg(value_name = "PASSO", help_heading = "O passo")]
    pub step: String,
    /// Mostra mesmo que o passo ainda não passe
    #[arg(long, help_heading = "Opções")]
    pub spoiler: bool,
}

/// Devolve o esqueleto de um passo, guardando uma cópia do que você escreveu
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask reset PASSO [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask reset retries        pergunta antes\n  \
        cargo xtask reset retries --yes  não pergunta\n\n\
        A cópia fica em `.backup/`, na raiz do repositório."
)]
pub struct Reset {
    /// O passo, por exemplo `retries`
    #[arg(value_name = "PASSO", help_heading = "O passo")]
    pub step: String,
    /// Não pergunta
    #[arg(long, help_heading = "Opções")]
    pub yes: bool,
}

/// Abre o livro no navegador, com editor e testes na página
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask serve [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask serve\n  \
        cargo xtask serve --port 3001 --open\n  \
        cargo xtask serve --setup   instala antes o que falta para rodar os testes na página\n\n\
        O servidor só atende esta máquina. Se outras pessoas a usam ao mesmo tempo, elas também conseguem abri-lo."
)]
pub struct Serve {
    /// A porta em 127.0.0.1 (padrão: 3000)
    #[arg(long, value_name = "N", default_value_t = 3000, hide_default_value = true, help_heading = "Opções")]
    pub port: u16,
    /// Abre o navegador
    #[arg(long, help_heading = "Opções")]
    pub open: bool,
    /// Instala antes o que falta, como `cargo xtask setup`
    #[arg(long, help_heading = "Opções")]
    pub setup: bool,
}

/// Gera o livro como site estático, que funciona sem servidor próprio e sem rede
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask build [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask build                    em target/book\n  \
        cargo xtask build --output /tmp/site"
)]
pub struct Build {
    /// A pasta do site (padrão: target/book)
    #[arg(long, value_name = "PASTA", help_heading = "Opções")]
    pub output: Option<PathBuf>,
    /// Instala antes o que falta, como `cargo xtask setup`
    #[arg(long, help_heading = "Opções")]
    pub setup: bool,
}

/// Instala o que falta para o sandbox e para a página: os alvos WASM
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask setup [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask setup            os alvos WASM\n  \
        cargo xtask setup --browser  e o navegador dos testes\n  \
        cargo xtask setup --check    só diz o que há e o que falta"
)]
pub struct Setup {
    /// Também o Chromium e o ChromeDriver, de que só os testes do curso precisam
    #[arg(long, help_heading = "Opções")]
    pub browser: bool,
    /// Não instala nada
    #[arg(long, help_heading = "Opções")]
    pub check: bool,
}

/// Recorta os esqueletos das respostas (para quem escreve o curso)
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask exercises [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask exercises          atualiza o que ninguém editou\n  \
        cargo xtask exercises --force  e também o que foi editado, guardando cópias em `.backup/`"
)]
pub struct Exercises {
    /// Sobrescreve também arquivos editados, com cópia em `.backup/`
    #[arg(long, help_heading = "Opções")]
    pub force: bool,
}

/// Confere o curso: respostas passam, esqueletos falham, respostas erradas são rejeitadas, as perguntas estão certas
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask check [opções] [CAPÍTULO…]",
    after_help = "\nExemplos:\n  \
        cargo xtask check\n  \
        cargo xtask check 04-async-invocation\n  \
        cargo xtask check --files   só os arquivos, sem compilar\n  \
        cargo xtask check --quiz    só as perguntas e as suas respostas"
)]
pub struct Check {
    /// Os capítulos; sem nada, todos
    #[arg(value_name = "CAPÍTULO", help_heading = "O que conferir")]
    pub chapters: Vec<String>,
    /// Só confere os arquivos, sem compilar nem rodar
    #[arg(long, help_heading = "Opções")]
    pub files: bool,
    /// Só confere as perguntas e compara as respostas com as dos modelos
    #[arg(long, conflicts_with = "files", help_heading = "Opções")]
    pub quiz: bool,
}

/// Roda todos os testes do próprio curso (para quem escreve o curso)
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    override_usage = "cargo xtask test [opções]",
    after_help = "\nExemplos:\n  \
        cargo xtask test --setup          instala o que falta e roda tudo\n  \
        cargo xtask test --only clippy    roda uma etapa"
)]
pub struct Test {
    /// Instala antes o que falta, como `cargo xtask setup --browser`
    #[arg(long, help_heading = "Opções")]
    pub setup: bool,
    /// Roda só estas etapas: fmt, clippy, cargo, check, wasm, browser
    #[arg(long, value_name = "ETAPA", value_delimiter = ',', help_heading = "Opções")]
    pub only: Vec<String>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.replace(',', ".").parse::<f64>() {
        Ok(seconds) if (0.05..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("diga os segundos, de 0,05 a 3600, como `10` ou `0,5`".into()),
    }
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs @ 1..=256) => Ok(jobs),
        _ => Err("diga um número de 1 a 256".into()),
    }
}

/// Mostra a ajuda pedida, ou o erro de uso em português, e diz com que código sair.
pub fn report(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp => {
            say!("{}", error.render());
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{}", error.render());
            ExitCode::from(2)
        }
        _ => {
            eprintln!("erro: {}", usage_error(error));
            ExitCode::from(2)
        }
    }
}

fn usage_error(error: &clap::Error) -> String {
    let get = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = get(ContextKind::InvalidArg);
    let value = get(ContextKind::InvalidValue);
    let problem = match error.kind() {
        ErrorKind::InvalidSubcommand => format!("não conheço o comando `{}`", get(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("não conheço a opção `{argument}`"),
        ErrorKind::MissingRequiredArgument => format!("falta dizer {argument}"),
        ErrorKind::ArgumentConflict => format!("`{argument}` não combina com `{}`", get(ContextKind::PriorArg)),
        ErrorKind::InvalidValue if value.is_empty() => format!("falta o valor de {argument}"),
        ErrorKind::InvalidValue => {
            format!("`{value}` não serve para {argument}; as escolhas são: {}", get(ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or(String::new(), |why| format!(": {why}"));
            format!("`{value}` não serve para {argument}{why}")
        }
        _ => format!("não entendi os argumentos {argument}"),
    };
    let suggestion = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg]
        .map(get)
        .into_iter()
        .find(|suggestion| !suggestion.is_empty())
        .map_or(String::new(), |suggestion| format!("; quis dizer `{suggestion}`?"));
    format!("{problem}{suggestion}\n\nVeja `cargo xtask --help`, ou `cargo xtask COMANDO --help`.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use rstest::rstest;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[rstest]
    #[case(&["grde"], "não conheço o comando `grde`; quis dizer `grade`?")]
    #[case(&["grade", "--sandbx"], "não conheço a opção `--sandbx`; quis dizer `--sandbox`?")]
    #[case(&["hint"], "falta dizer <PASSO>")]
    #[case(&["grade", "--timeout", "0"], "`0` não serve para --timeout <SEGUNDOS>: diga os segundos")]
    #[case(&["grade", "--format", "xml"], "as escolhas são: human, json")]
    #[case(&["grade", "--watch", "--output", "x"], "não combina com")]
    #[case(&["serve", "--port", "99999"], "`99999` não serve para --port <N>")]
    fn a_usage_error_is_in_portuguese_and_says_what_to_do(#[case] arguments: &[&str], #[case] expected: &str) {
        let error = Cli::try_parse_from(std::iter::once(&"cargo xtask").chain(arguments)).unwrap_err();
        let message = usage_error(&error);
        assert!(message.contains(expected) && message.contains("--help"), "{message}");
    }

    #[test]
    fn every_help_is_in_portuguese_with_examples() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands_mut() {
            let help = command.render_help().to_string();
            for english in ["Usage", "Options", "Print help", "default:", "possible values"] {
                assert!(!help.contains(english), "{english} em {help}");
            }
            assert!(help.contains("Exemplos:"), "{help}");
        }
    }
}
