//! O mapa das notas: cada assunto das notas de estudo aponta para a página que o trata.
//!
//! O livro promete seguir as notas linha por linha. Aqui está a lista dos assuntos delas; a página `notes-map.md` tem uma linha
//! de tabela para cada um, na mesma ordem, com ao menos uma ligação que chega a uma página do sumário.

use anyhow::Result;

use super::Problem;
use crate::course::Course;
use crate::files::read_text;

const PAGE: &str = "book/src/notes-map.md";

/// Os assuntos das notas, na ordem delas.
const TOPICS: [&str; 50] = [
    "Criar uma API",
    "Publicar e manter",
    "Monitorar",
    "Proteger",
    "O exemplo do escritório de meteorologia",
    "O exemplo do provedor de identidade social",
    "Várias versões ao mesmo tempo",
    "Geração de SDKs",
    "Transformar dados",
    "Validar dados",
    "Reduzir latências",
    "Limitar o tráfego",
    "Opções de autorização",
    "Chaves para desenvolvedores externos",
    "A arquitetura e os recursos de uso da API",
    "APIs REST",
    "APIs HTTP",
    "APIs WebSocket",
    "O API Gateway em aplicações serverless",
    "Computação sem servidor",
    "Orientado a eventos",
    "Eventos que iniciam ações e ligam serviços desacoplados",
    "O que é uma função",
    "Sem estado e sem afinidade com a infraestrutura",
    "Como o Lambda funciona",
    "Os modelos de invocação",
    "Executa e aguarda a resposta",
    "Sem novas tentativas internas",
    "Amazon API Gateway",
    "Amazon Cognito",
    "AWS CloudFormation",
    "Amazon Alexa",
    "Amazon Lex",
    "Amazon CloudFront",
    "Os eventos são enfileirados",
    "Para quem não precisa de resposta imediata",
    "Amazon SNS",
    "Amazon S3",
    "Amazon EventBridge",
    "Fluxos e filas, sem código nem servidor seus",
    "Amazon Kinesis",
    "Amazon SQS",
    "Amazon DynamoDB Streams",
    "O mapeamento da fonte de eventos",
    "As permissões do IAM",
    "Amazon MQ",
    "Amazon MSK",
    "Apache Kafka autogerenciado",
    "O quadro do comportamento de erro",
    "O desenho de arquiteturas orientadas a eventos",
];

/// Os assuntos sem página e as ligações que não chegam a lugar nenhum.
pub fn notes_map(course: &Course) -> Result<Vec<Problem>> {
    let book = course.root.join("book/src");
    let summary = read_text(&book.join("SUMMARY.md"))?;
    let page = match read_text(&course.root.join(PAGE)) {
        Ok(page) => page,
        Err(_) => return Ok(vec![Problem::new(format!("falta {PAGE}"), "escreva a página com o mapa das notas")]),
    };
    let heading = |file: &str, anchor: &str| read_text(&book.join(file)).is_ok_and(|text| has_heading(&text, anchor));
    let mut problems = topics(&page);
    if !summary.contains("(notes-map.md)") {
        problems
            .push(Problem::new(format!("o sumário não leva a {PAGE}"), "acrescente a página a book/src/SUMMARY.md"));
    }
    for (line, target) in links(&page) {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let place = format!("{PAGE}:{line}");
        if !summary.contains(&format!("({file})")) {
            let what = format!("{place} leva a {file}, que não está no sumário");
            problems.push(Problem::new(what, "aponte para uma página de book/src/SUMMARY.md"));
        } else if !anchor.is_empty() && !heading(file, anchor) {
            let what = format!("{place} leva a {target}, e a página não tem esse título");
            problems.push(Problem::new(what, "aponte para um título da página"));
        }
    }
    Ok(problems)
}

/// As linhas da página contra a lista dos assuntos.
fn topics(page: &str) -> Vec<Problem> {
    let rows: Vec<_> = rows(page).collect();
    let mut problems = Vec::new();
    for topic in TOPICS {
        match rows.iter().filter(|row| row.topic == topic).count() {
            1 => {}
            0 => problems.push(Problem::new(
                format!("{PAGE} não diz onde está `{topic}`"),
                "acrescente a linha, com a página que trata do assunto",
            )),
            _ => problems.push(Problem::new(format!("{PAGE} repete `{topic}`"), "deixe uma linha só")),
        }
    }
    for row in &rows {
        if !TOPICS.contains(&row.topic) {
            let what = format!("{PAGE}:{}: `{}` não é um assunto das notas", row.line, row.topic);
            problems.push(Problem::new(what, "use o nome que está em xtask/grader/src/check/notes.rs"));
        } else if links(row.pages).next().is_none() {
            let what = format!("{PAGE}:{}: `{}` não leva a nenhuma página", row.line, row.topic);
            problems.push(Problem::new(what, "acrescente a ligação"));
        }
    }
    let order: Vec<_> = rows.iter().map(|row| row.topic).collect();
    if problems.is_empty() && order != TOPICS {
        problems.push(Problem::new(format!("{PAGE} não segue a ordem das notas"), "ponha as linhas na ordem da lista"));
    }
    problems
}

struct Row<'a> {
    line: usize,
    topic: &'a str,
    pages: &'a str,
}

/// As linhas de tabela, menos o cabeçalho e o traço embaixo dele.
fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    (1..).zip(page.lines()).filter_map(|(line, text)| {
        let (topic, pages) = text.strip_prefix('|')?.strip_suffix('|')?.split_once('|')?;
        let topic = topic.trim();
        (topic != "nas notas" && !topic.starts_with('-')).then_some(Row { line, topic, pages })
    })
}

/// Os destinos das ligações do texto, com a linha de cada uma.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .flat_map(|(line, text)| text.split("](").skip(1).filter_map(move |rest| Some((line, rest.split_once(')')?.0))))
}

/// O texto tem um título cuja âncora, como o mdBook a escreve, é `anchor`?
fn has_heading(text: &str, anchor: &str) -> bool {
    let mut titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles.any(|title| slug(title) == anchor)
}

fn slug(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(change: impl Fn(&str) -> Option<String>) -> String {
        let rows = TOPICS.iter().filter_map(|topic| change(topic));
        "| nas notas | no livro |\n|---|---|\n".to_owned() + &rows.collect::<Vec<_>>().join("\n") + "\n"
    }

    fn row(topic: &str) -> Option<String> {
        Some(format!("| {topic} | [x](a/b.md) |"))
    }

    #[test]
    fn every_topic_has_one_row_with_a_link_in_the_order_of_the_notes() {
        assert_eq!(topics(&page(row)), []);
        let what = |page: &str| topics(page).into_iter().map(|problem| problem.what).collect::<Vec<_>>().join("\n");
        let missing = page(|topic| if topic == "Amazon MQ" { None } else { row(topic) });
        assert_eq!(what(&missing), "book/src/notes-map.md não diz onde está `Amazon MQ`");
        let without_link =
            page(|topic| if topic == "Amazon MQ" { Some("| Amazon MQ | em breve |".into()) } else { row(topic) });
        assert_eq!(what(&without_link), "book/src/notes-map.md:48: `Amazon MQ` não leva a nenhuma página");
        let unknown = page(row) + "| Amazon ECS | [x](a/b.md) |\n";
        assert_eq!(what(&unknown), "book/src/notes-map.md:53: `Amazon ECS` não é um assunto das notas");
        let swapped = page(|topic| match topic {
            "Amazon MQ" => row("Amazon MSK"),
            "Amazon MSK" => row("Amazon MQ"),
            topic => row(topic),
        });
        assert_eq!(what(&swapped), "book/src/notes-map.md não segue a ordem das notas");
    }

    #[test]
    fn an_anchor_is_a_heading_as_the_book_writes_it() {
        let text = "# Lambda\n\n## O que é uma função\n\n### `BatchSize` e a janela\n";
        for (anchor, found) in [("o-que-é-uma-função", true), ("batchsize-e-a-janela", true), ("função", false)] {
            assert_eq!(has_heading(text, anchor), found, "{anchor}");
        }
    }

    #[test]
    fn links_come_with_their_lines() {
        assert_eq!(
            links("a [x](b.md) e [y](c.md#d)\n[z](e.md)").collect::<Vec<_>>(),
            [(1, "b.md"), (1, "c.md#d"), (2, "e.md")]
        );
    }
}
