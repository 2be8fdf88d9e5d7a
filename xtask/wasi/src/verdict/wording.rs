//! As frases. Dizem o que aconteceu e o que procurar; como corrigir é assunto das dicas do passo.

use super::panics::{Panic, Place};
use super::text::shorten;

pub(super) const TIMEOUT: &str = "o prazo acabou e o programa ainda não tinha terminado: procure um laço que não chega ao fim, ou uma \
                                  espera (`await`, `recv`, `lock`) por algo que nunca acontece";
pub(super) const MEMORY: &str = "o programa pediu mais memória do que o limite: procure uma coleção que cresce sem parar, ou uma \
                                 capacidade calculada errado";
pub(super) const OUTPUT: &str = "o programa escreveu mais do que o limite de saída: procure um `println!` ou `dbg!` dentro de um \
                                 laço que não chega ao fim";
pub(super) const STACK: &str = "a pilha estourou: procure uma função que chama a si mesma, direta ou indiretamente, sem chegar a um \
                                caso de parada";
pub(super) const TRAPPED: &str = "o programa foi abortado antes do fim: procure uma chamada a `std::process::abort`, ou um `panic!` \
                                  dentro de um `drop`";
pub(super) const NO_SUMMARY: &str = "o programa terminou sem o resumo de um teste: o módulo não é um binário de testes do Rust, ou \
                                     algo além dele escreveu no fim da saída";

pub(super) fn exited(code: i32) -> String {
    format!(
        "o programa terminou com process::exit({code}) antes do fim do teste: um teste só passa quando a função dele retorna, \
         qualquer que seja o código de saída; procure uma chamada a `std::process::exit`"
    )
}

pub(super) fn ignored(name: &str) -> String {
    format!("o teste `{name}` está desligado com `#[ignore]` e não foi avaliado")
}

pub(super) fn not_found(name: &str) -> String {
    format!(
        "o teste `{name}` não foi encontrado no binário: o nome mudou, ou o módulo dele não foi declarado em `main.rs`"
    )
}

/// Um *trap* que não é nenhum dos conhecidos. `None` quando é só a instrução com que um programa se aborta.
pub(super) fn trap(text: &str) -> Option<String> {
    let aborted = ["unreachable", "SIGABRT", "SIGILL", "SIGTRAP", "STATUS_STACK_BUFFER_OVERRUN"];
    if aborted.iter().any(|name| text.to_lowercase().contains(&name.to_lowercase())) {
        return None;
    }
    if text.contains("SIGKILL") {
        return Some(
            "o sistema encerrou o programa à força (SIGKILL), em geral porque a memória da máquina acabou".to_owned(),
        );
    }
    Some(format!("o programa foi interrompido antes do fim: {}", shorten(text)))
}

/// A mensagem de um pânico e o lugar dele; a diferença do *snapshot*, se foi ele que falhou.
pub(super) fn panicked(panic: &Panic, snapshot: Option<&str>) -> String {
    match (snapshot_line(&panic.message), snapshot) {
        // No WebAssembly o `insta` não sabe o caminho do arquivo, só a linha; por isso a mensagem não o mostra em lugar nenhum.
        (Some(line), Some(difference)) => format!(
            "o resultado difere do esperado (`-` é o que o teste espera, `+` é o que o código deu):\n{}\n  no `assert_snapshot!` da \
             linha {line} do arquivo de testes",
            shorten(difference)
        ),
        (Some(line), None) => {
            format!("o resultado difere do esperado\n  no `assert_snapshot!` da linha {line} do arquivo de testes")
        }
        (None, _) => {
            let message = shorten(&translate(&panic.message));
            match &panic.place {
                Place::File { path, line } => format!("{message}\n  em {path}:{line}"),
                Place::Std | Place::Unknown => message,
            }
        }
    }
}

/// A mensagem, e embaixo dela o que o programa escreveu.
pub(super) fn with_output(message: &str, printed: &str) -> String {
    if printed.is_empty() {
        return message.to_owned();
    }
    format!("{message}\nsaída do seu programa:\n{}", shorten(printed))
}

/// `snapshot assertion for 'nome' failed in line 44`.
fn snapshot_line(message: &str) -> Option<u32> {
    let rest = message.strip_prefix("snapshot assertion for '")?;
    rest.rsplit_once("' failed in line ")?.1.trim().parse().ok()
}

/// Os pânicos do `std` em português. O que não é dele fica como está: é o texto de quem escreveu o teste ou o código.
fn translate(message: &str) -> String {
    // `todo!` e `unimplemented!` dizem o mesmo a quem resolve um passo.
    for (from, to) in [("not yet implemented", "ainda não foi escrito"), ("not implemented", "ainda não foi escrito")]
    {
        match message.strip_prefix(from) {
            Some("") => return to.to_owned(),
            Some(rest) if rest.starts_with(": ") => return format!("{to}{rest}"),
            _ => {}
        }
    }
    assertion(message).or_else(|| standard(message)).unwrap_or_else(|| message.to_owned())
}

/// As macros de afirmação. Se quem escreveu o teste deu uma frase, ela vem primeiro e o resto fica embaixo.
fn assertion(message: &str) -> Option<String> {
    if let Some(condition) = message.strip_prefix("assertion failed: ") {
        return Some(format!("a condição não vale: {condition}"));
    }
    let rest = message.strip_prefix("assertion `")?;
    let (relation, rest) = rest.split_once("` failed")?;
    let (sentence, values) = rest.rsplit_once("\n  left: ")?;
    let (left, right) = values.rsplit_once("\n right: ")?;
    let sentence = match sentence.strip_prefix(": ") {
        Some(sentence) => sentence.to_owned(),
        None => {
            let relation = relation.replace("left", "esquerda").replace("right", "direita");
            format!("a comparação `{relation}` não vale")
        }
    };
    Some(format!("{sentence}\n  esquerda: {left}\n   direita: {right}"))
}

fn standard(message: &str) -> Option<String> {
    let fixed = [
        ("capacity overflow", "uma coleção passou do maior tamanho possível (capacity overflow)"),
        ("called `Option::unwrap()` on a `None` value", "`unwrap()` foi chamado em um `None`"),
        ("attempt to add with overflow", "a soma passou do limite do tipo"),
        (
            "attempt to subtract with overflow",
            "a subtração passou do limite do tipo (em um tipo sem sinal, abaixo de zero)",
        ),
        ("attempt to multiply with overflow", "a multiplicação passou do limite do tipo"),
        ("attempt to divide by zero", "divisão por zero"),
        ("attempt to calculate the remainder with a divisor of zero", "resto de uma divisão por zero"),
    ];
    if let Some((_, text)) = fixed.iter().find(|(from, _)| *from == message) {
        return Some((*text).to_owned());
    }
    let opened = [
        ("called `Result::unwrap()` on an `Err` value: ", "`unwrap()` foi chamado em um `Err`: "),
        ("called `Result::unwrap_err()` on an `Ok` value: ", "`unwrap_err()` foi chamado em um `Ok`: "),
        ("internal error: entered unreachable code: ", "a execução chegou a um `unreachable!`: "),
    ];
    if let Some((rest, text)) = opened.iter().find_map(|(from, to)| Some((message.strip_prefix(from)?, to))) {
        return Some(format!("{text}{rest}"));
    }
    let (len, index) = message.strip_prefix("index out of bounds: the len is ")?.split_once(" but the index is ")?;
    Some(format!("índice fora dos limites: o tamanho é {len} e o índice é {index}"))
}
