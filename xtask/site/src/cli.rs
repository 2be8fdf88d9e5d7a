//! A linha de comando: poucas opções, e todo erro diz o próximo passo.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use lexopt::prelude::{Long, Short, Value, ValueExt};

pub const HELP: &str = "\
Gera e serve o livro.

Uso:
  cargo xtask build [--output PASTA]        gera o site estático (padrão: target/book)
  cargo xtask serve [--port N] [--open]     serve o livro com editor em http://127.0.0.1:3000

Opções:
  --output PASTA   onde gravar o site
  --port N         porta do servidor (padrão: 3000; 0 escolhe uma livre)
  --open           abre o navegador
  -h, --help       mostra esta ajuda

Saída: 0 deu certo; 1 há problemas no texto do livro; 2 não deu para rodar.
";

const DEFAULT_PORT: u16 = 3000;

#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Build { output: Option<PathBuf> },
    Serve { port: u16, open: bool },
}

/// `args` começa pelo nome do programa.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut name: Option<String> = None;
    let (mut output, mut port, mut open) = (None, None, false);
    while let Some(argument) = parser.next().map_err(explain)? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("output") => output = Some(PathBuf::from(parser.value().map_err(explain)?)),
            Long("port") => {
                let value = parser.value().map_err(explain)?.string().map_err(explain)?;
                let Ok(number) = value.parse() else { bail!("`--port` quer um número de 0 a 65535, não `{value}`") };
                port = Some(number);
            }
            Long("open") => open = true,
            Value(value) if name.is_none() => name = Some(value.string().map_err(explain)?),
            other => return Err(explain(other.unexpected())),
        }
    }
    match (name.as_deref(), output, port, open) {
        (Some("build"), output, None, false) => Ok(Command::Build { output }),
        (Some("serve"), None, port, open) => Ok(Command::Serve { port: port.unwrap_or(DEFAULT_PORT), open }),
        (Some("build"), ..) => bail!("`--port` e `--open` são de `serve`; `build` só aceita `--output`"),
        (Some("serve"), ..) => bail!("`--output` é de `build`; `serve` aceita `--port` e `--open`"),
        (Some(other), ..) => bail!("não conheço `{other}`; diga `build` ou `serve` (veja `--help`)"),
        (None, ..) => bail!("diga o que fazer: `build` ou `serve` (veja `--help`)"),
    }
}

fn explain(error: lexopt::Error) -> anyhow::Error {
    use lexopt::Error as E;
    let text = match error {
        E::MissingValue { option: Some(option) } => format!("`{option}` precisa de um valor"),
        E::UnexpectedOption(option) => format!("não conheço a opção `{option}`"),
        E::UnexpectedArgument(value) => format!("não esperava `{}`", value.to_string_lossy()),
        E::UnexpectedValue { option, .. } => format!("`{option}` não aceita valor"),
        E::NonUnicodeValue(value) => format!("`{}` não é texto em UTF-8", value.to_string_lossy()),
        _ => "não entendi a linha de comando".to_owned(),
    };
    anyhow::anyhow!("{text} (veja `--help`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(["site"].into_iter().chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn the_usual_lines_are_understood() {
        assert_eq!(parsed("serve").unwrap(), Command::Serve { port: 3000, open: false });
        assert_eq!(parsed("serve --port=8080 --open").unwrap(), Command::Serve { port: 8080, open: true });
        assert_eq!(parsed("build --output pub").unwrap(), Command::Build { output: Some("pub".into()) });
        assert_eq!(parsed("serve --help").unwrap(), Command::Help);
    }

    #[test]
    fn a_mistake_is_explained_in_portuguese() {
        let lines =
            ["", "server", "serve --port x", "serve --output p", "build --open", "serve --prot 1", "serve --port"];
        let said: Vec<_> = lines.iter().map(|line| parsed(line).unwrap_err().to_string()).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
diga o que fazer: `build` ou `serve` (veja `--help`)
não conheço `server`; diga `build` ou `serve` (veja `--help`)
`--port` quer um número de 0 a 65535, não `x`
`--output` é de `build`; `serve` aceita `--port` e `--open`
`--port` e `--open` são de `serve`; `build` só aceita `--output`
não conheço a opção `--prot` (veja `--help`)
`--port` precisa de um valor (veja `--help`)
");
    }
}
