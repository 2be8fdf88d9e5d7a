//! O laboratório dos mapping templates: um template, um corpo, e o que sai, pelo código do leitor.

use gateway::mapping::{choose_template, render};
use gateway::model::{Method, Refusal, Request, Response};
use gateway::template::{Passage, PassthroughBehavior, Rendered, TemplateInput, Templates};
use gateway::vtl::TemplateError;
use kit::lab::{Block, Output, Tone};
use kit::text::count;
use serde::Deserialize;
use serde_json::json;

/// Quantas linhas tem a tabela das referências.
const ROWS: usize = 40;

/// O que fazer com um corpo sem template.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Passthrough {
    WhenNoMatch,
    WhenNoTemplates,
    Never,
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    template: String,
    body: String,
    query: String,
    /// `none` quando a requisição não diz o tipo.
    content_type: String,
    passthrough: Passthrough,
}

impl Scenario {
    /// `POST /stations/07/readings`, com o que veio dos controles.
    fn request(&self) -> Request {
        let target = format!("/stations/07/readings?{}", self.query.trim());
        let request = Request::new(Method::Post, &target).header("Accept-Language", "pt-BR").body(self.body.as_str());
        match self.content_type.as_str() {
            "none" => request,
            content_type => request.header("Content-Type", content_type),
        }
    }

    fn behavior(&self) -> PassthroughBehavior {
        match self.passthrough {
            Passthrough::WhenNoMatch => PassthroughBehavior::WhenNoMatch,
            Passthrough::WhenNoTemplates => PassthroughBehavior::WhenNoTemplates,
            Passthrough::Never => PassthroughBehavior::Never,
        }
    }
}

/// Faz o corpo passar pelo template, que é o de `application/json`.
pub async fn play(scenario: Scenario) -> Output {
    let request = scenario.request();
    let templates = Templates::new().with("application/json", &scenario.template);
    let content_type = request.headers.get("Content-Type");
    match choose_template(&templates, scenario.behavior(), content_type) {
        Err(refusal) => refused(&refusal),
        Ok(Passage::AsIs) => Output {
            summary: "O template é de application/json, e o corpo é de outro tipo: ele segue como veio.".to_owned(),
            blocks: vec![text("O corpo, como veio", scenario.body, Tone::Plain)],
        },
        Ok(Passage::Transform(template)) => {
            let station = vec![("station".to_owned(), "07".to_owned())];
            let input = TemplateInput {
                context: context(&request),
                stage_variables: vec![("table".to_owned(), "readings-prod".to_owned())],
                ..TemplateInput::of(&request, station)
            };
            match render(template, &input) {
                Ok(rendered) => transformed(&rendered),
                Err(error) => failed(&error, template),
            }
        }
    }
}

fn context(request: &Request) -> serde_json::Value {
    json!({
        "accountId": "123456789012",
        "apiId": "a1b2c3d4e5",
        "httpMethod": request.method.as_str(),
        "identity": { "sourceIp": request.source_ip, "userAgent": "estacao/2009" },
        "path": "/prod/stations/07/readings",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "resourcePath": "/stations/{station}/{proxy+}",
        "stage": "prod",
    })
}

fn text(label: &str, text: String, tone: Tone) -> Block {
    Block::Text { label: label.to_owned(), text, tone }
}

fn refused(refusal: &Refusal) -> Output {
    let message = refusal.message.clone().unwrap_or_default();
    let response = Response::message(415, &message);
    Output {
        summary: "Nenhum template serve ao tipo do corpo, e ele não pode passar como veio: 415.".to_owned(),
        blocks: vec![Block::Response {
            label: "A resposta, do próprio gateway".to_owned(),
            status: response.status,
            headers: response.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: response.body_text(),
        }],
    }
}

/// O erro, com o lugar marcado.
fn failed(error: &TemplateError, template: &str) -> Output {
    let marked = format!("{}\n\n{}", error.excerpt(template), error.message);
    Output {
        summary: format!("O template tem um erro na {}, e nenhum corpo sai.", error.position),
        blocks: vec![text(&format!("Erro na {}", error.position), marked, Tone::Bad)],
    }
}

fn transformed(rendered: &Rendered) -> Output {
    let trimmed = rendered.body.trim();
    let (verdict, tone) = match serde_json::from_str::<serde_json::Value>(trimmed) {
        Ok(_) => ("O que saiu é um JSON.".to_owned(), Tone::Good),
        Err(error) if trimmed.starts_with(['{', '[']) => {
            let blank = rendered.body.len() - rendered.body.trim_start().len();
            let line = rendered.body[..blank].matches('\n').count() + error.line();
            (format!("O que saiu parece um JSON e não é: a leitura para na linha {line}."), Tone::Bad)
        }
        Err(_) => ("O que saiu não é um JSON, nem parece.".to_owned(), Tone::Plain),
    };
    let empty = rendered.trace.iter().filter(|(_, value)| value.is_empty()).count();
    let references = count(rendered.trace.len(), "referência", "referências");
    let nothing = match empty {
        0 => "nenhuma vazia".to_owned(),
        _ => count(empty, "vazia", "vazias"),
    };
    let mut blocks = vec![text("O corpo transformado", rendered.body.clone(), tone)];
    blocks.extend(overrides(rendered));
    blocks.extend(references_table(rendered));
    Output { summary: format!("{verdict} O template avaliou {references}, {nothing}."), blocks }
}

/// O que o template sobrescreveu, se sobrescreveu algo.
fn overrides(rendered: &Rendered) -> Option<Block> {
    let mut rows = Vec::new();
    for (side, parts) in
        [("requestOverride", &["path", "querystring", "header"][..]), ("responseOverride", &["header"])]
    {
        for part in parts {
            for (name, value) in rendered.overrides(side, part) {
                rows.push(vec![format!("{side}.{part}"), name, value]);
            }
        }
    }
    if let Some(status) = rendered.status_override() {
        rows.push(vec!["responseOverride".to_owned(), "status".to_owned(), status.to_string()]);
    }
    (!rows.is_empty()).then(|| Block::Table {
        label: "O que o template sobrescreveu".to_owned(),
        header: ["onde", "nome", "valor"].map(str::to_owned).to_vec(),
        rows,
    })
}

/// Quanto valia cada referência.
fn references_table(rendered: &Rendered) -> Option<Block> {
    let rows: Vec<_> = rendered
        .trace
        .iter()
        .take(ROWS)
        .map(|(literal, value)| {
            let value = if value.is_empty() { "(vazio)".to_owned() } else { value.clone() };
            vec![literal.clone(), value]
        })
        .collect();
    (!rows.is_empty()).then(|| Block::Table {
        label: "Quanto valia cada referência".to_owned(),
        header: ["referência", "valor"].map(str::to_owned).to_vec(),
        rows,
    })
}
