//! O explorador de requisições: a API do escritório inteira, com o código dos passos, e o que cada etapa fez com uma requisição.
//!
//! ```text
//!   controles ─▶ Request ─▶ handle(Traced(Weather)) ─▶ etapas, resposta, log e métricas
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use gateway::exchange::{Arrival, Cached, Caller, Exchange, Matched, Parts, Verdict};
use gateway::model::{Headers, Query, Refusal, Request, Response};
use gateway::pipeline::{AccessLogFormat, GatewayResponses, Metric, handle, metrics};
use kit::lab::{Block, Outcome, Output, Stage, Tone};
use kit::text::count;
use serde::Deserialize;

use crate::weather::{self, Behavior, Weather};

/// As etapas, na ordem da página.
const STAGES: [&str; 7] =
    ["rota", "política de recursos", "authorizer", "chave, limites e cota", "validação", "cache", "integração"];

const FORMAT: &str = "$context.requestTime \"$context.httpMethod $context.path\" $context.status $context.responseLatency ms \
                      $context.error.responseType id=$context.requestId";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Credential {
    None,
    CivilDefense,
    Trainee,
    Token,
    ReaderToken,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    None,
    Cooperative,
    Revoked,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Function {
    Works,
    Throws,
    Malformed,
}

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    method: String,
    path: String,
    credential: Credential,
    api_key: Key,
    body: String,
    function: Function,
    max_age_zero: bool,
    blocked_address: bool,
    /// Vem de uma lista, por isso é texto.
    repeat: String,
}

impl Scenario {
    fn request(&self, weather: &Weather) -> Result<Request, String> {
        let method = self.method.parse().map_err(|error: gateway::model::UnknownMethod| error.to_string())?;
        let target = self.path.trim();
        if !target.starts_with('/') || target.contains(char::is_whitespace) {
            return Err("o caminho começa com `/` e não tem espaços: /cities/serra-clara".to_owned());
        }
        let mut request = Request::new(method, target).header("User-Agent", "laboratorio/1.0");
        if !self.body.trim().is_empty() {
            request = request.header("Content-Type", "application/json").body(self.body.as_bytes());
        }
        if self.max_age_zero {
            request = request.header("Cache-Control", "max-age=0");
        }
        if self.blocked_address {
            request.source_ip = "198.51.100.9".to_owned();
        }
        request = match self.api_key {
            Key::None => request,
            Key::Cooperative => request.header("x-api-key", weather::COOPERATIVE_KEY),
            Key::Revoked => request.header("x-api-key", weather::REVOKED_KEY),
        };
        Ok(match self.credential {
            Credential::None => request,
            Credential::Token => request.header("Authorization", weather::CIVIL_DEFENSE_TOKEN),
            Credential::ReaderToken => request.header("Authorization", weather::READER_TOKEN),
            Credential::CivilDefense => {
                let (key, secret) = (weather::CIVIL_DEFENSE_ACCESS_KEY, weather::CIVIL_DEFENSE_SECRET);
                weather::sign(request, key, secret, weather.now())
            }
            Credential::Trainee => {
                weather::sign(request, weather::TRAINEE_ACCESS_KEY, weather::TRAINEE_SECRET, weather.now())
            }
        })
    }
}

/// Faz a requisição, quantas vezes o cenário pede, uma a cada 0,2 s, e conta a última.
pub async fn play(scenario: Scenario) -> Output {
    let weather = Weather::new();
    weather.backend().behave(match scenario.function {
        Function::Works => Behavior::Works,
        Function::Throws => Behavior::Throws,
        Function::Malformed => Behavior::Malformed,
    });
    let mut traced = Traced { weather, items: Vec::new() };
    let mut exchanges = Vec::new();
    let mut last = None;
    for number in 0..scenario.repeat.parse().unwrap_or(1).clamp(1, 10u32) {
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let request = match scenario.request(&traced.weather) {
            Ok(request) => request,
            Err(problem) => {
                let block = Block::Text { label: "A requisição".into(), text: problem.clone(), tone: Tone::Bad };
                return Output { summary: format!("A requisição não saiu: {problem}."), blocks: vec![block] };
            }
        };
        traced.items.clear();
        let arrival = Arrival { request_id: format!("r{}", number + 1), at: traced.weather.now() };
        let responses = GatewayResponses::default();
        let (response, exchange) = handle(&mut traced, &request, &Weather::info(), &responses, &arrival).await;
        exchanges.push(exchange);
        last = Some((request, response));
    }
    let Some((request, response)) = last else {
        return Output { summary: "Nenhuma requisição foi feita.".into(), blocks: Vec::new() };
    };
    let stopped = traced.items.last().filter(|item| item.outcome == Outcome::Refused).map(|item| item.name.clone());
    for name in &STAGES[traced.items.len().min(STAGES.len())..] {
        traced.items.push(Stage { name: (*name).to_owned(), outcome: Outcome::Skipped, text: String::new() });
    }
    let summary = summarize(&request, &response, &exchanges, stopped);
    let mut blocks = vec![
        Block::Stages {
            label: format!("{} {}, etapa por etapa", request.method, scenario.path.trim()),
            items: traced.items,
        },
        response_block(&response),
    ];
    blocks.push(log_block(&exchanges));
    blocks.push(metrics_block(&exchanges));
    Output { summary, blocks }
}

fn summarize(request: &Request, response: &Response, exchanges: &[Exchange], stopped: Option<String>) -> String {
    let times = match exchanges.len() {
        1 => String::new(),
        many => format!(" na {many}ª vez"),
    };
    let ending = match stopped {
        Some(stage) if response.status < 500 => format!("a etapa que recusou foi {stage}"),
        Some(stage) => format!("a etapa que falhou foi {stage}"),
        None if exchanges.last().is_some_and(|exchange| exchange.integration_latency.is_none()) => {
            "foi respondida sem chamar a integração".to_owned()
        }
        None => "chegou à integração".to_owned(),
    };
    format!("{} {}{times} recebeu {}: {ending}.", request.method, request.path, response.status)
}

pub fn response_block(response: &Response) -> Block {
    let headers = response.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Block::Response { label: "Resposta".into(), status: response.status, headers, body: response.body_text() }
}

fn log_block(exchanges: &[Exchange]) -> Block {
    let label = "Log de acesso".to_owned();
    match AccessLogFormat::new(FORMAT) {
        Ok(format) => {
            let lines: Vec<_> = exchanges.iter().map(|exchange| format.line(exchange)).collect();
            Block::Text { label, text: lines.join("\n"), tone: Tone::Plain }
        }
        Err(error) => Block::Text { label, text: error.to_string(), tone: Tone::Bad },
    }
}

fn metrics_block(exchanges: &[Exchange]) -> Block {
    let mut data: BTreeMap<Metric, Vec<f64>> = BTreeMap::new();
    for (metric, value) in exchanges.iter().flat_map(metrics) {
        data.entry(metric).or_default().push(value);
    }
    let rows = data.into_iter().map(|(metric, values)| {
        let sum: f64 = values.iter().sum();
        let name = match metric {
            Metric::Count => "Count",
            Metric::ClientError => "4XXError",
            Metric::ServerError => "5XXError",
            Metric::Latency => "Latency (ms)",
            Metric::IntegrationLatency => "IntegrationLatency (ms)",
            Metric::CacheHitCount => "CacheHitCount",
            Metric::CacheMissCount => "CacheMissCount",
        };
        let number = |value: f64| format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').replace('.', ",");
        vec![name.to_owned(), number(sum), number(sum / values.len() as f64)]
    });
    Block::Table {
        label: format!("Métricas de {}", count(exchanges.len(), "requisição", "requisições")),
        header: ["métrica", "soma", "média"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// A API, anotando o que cada etapa fez.
pub struct Traced {
    pub weather: Weather,
    pub items: Vec<Stage>,
}

impl Traced {
    fn note(&mut self, outcome: Outcome, text: impl Into<String>) {
        let name = STAGES.get(self.items.len()).copied().unwrap_or("etapa a mais");
        self.items.push(Stage { name: name.to_owned(), outcome, text: text.into() });
    }

    fn judge<T>(
        &mut self,
        result: Result<T, Refusal>,
        accepted: impl FnOnce(&T) -> (Outcome, String),
    ) -> Result<T, Refusal> {
        match &result {
            Ok(value) => {
                let (outcome, text) = accepted(value);
                self.note(outcome, text);
            }
            Err(refusal) => {
                let message = refusal.message.as_deref().unwrap_or("null");
                self.note(Outcome::Refused, format!("{}: {message}", refusal.kind));
            }
        }
        result
    }
}

impl Parts for Traced {
    fn route(&mut self, request: &Request) -> Result<Matched, Refusal> {
        let found = self.weather.route(request);
        self.judge(found, |matched| {
            let parameters: Vec<_> =
                matched.path_parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (Outcome::Accepted, format!("{} {} {}", matched.method, matched.resource_path, parameters.join(" ")))
        })
    }

    fn resource_policy(&mut self, request: &Request, matched: &Matched) -> Option<Verdict> {
        let verdict = self.weather.resource_policy(request, matched);
        match verdict {
            None => self.note(Outcome::Accepted, "a API não tem uma"),
            Some(Verdict::Allow) => self.note(Outcome::Accepted, "um Allow casa, e nenhum Deny"),
            Some(Verdict::Silent) => self.note(Outcome::Accepted, "nada casa: decide a política de quem chama"),
            Some(Verdict::Deny) => self.note(Outcome::Refused, format!("um Deny casa com {}", request.source_ip)),
        }
        verdict
    }

    async fn authenticate(&mut self, request: &Request, matched: &Matched) -> Result<Caller, Refusal> {
        let caller = self.weather.authenticate(request, matched).await;
        self.judge(caller, |caller| match &caller.principal_id {
            Some(who) => (Outcome::Accepted, format!("reconheceu {who}")),
            None => (Outcome::Accepted, "o método é aberto".to_owned()),
        })
    }

    fn usage_plan(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<(), Refusal> {
        let admitted = self.weather.usage_plan(request, matched, caller);
        self.judge(admitted, |()| (Outcome::Accepted, "a chave serve, se o método a exige, e há fichas".to_owned()))
    }

    fn validate(&mut self, request: &Request, matched: &Matched) -> Result<(), Refusal> {
        let checked = self.weather.validate(request, matched);
        self.judge(checked, |()| (Outcome::Accepted, "nada obrigatório falta, e o corpo segue o modelo".to_owned()))
    }

    fn cached(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<Cached, Refusal> {
        let found = self.weather.cached(request, matched, caller);
        self.judge(found, |cached| match cached {
            Cached::Off => (Outcome::Accepted, "o método não usa cache".to_owned()),
            Cached::Miss => (Outcome::Accepted, "não tem nada que valha".to_owned()),
            Cached::Hit(_) => (Outcome::Changed, "respondeu no lugar da integração".to_owned()),
        })
    }

    async fn integrate(&mut self, request: &Request, matched: &Matched, caller: &Caller) -> Result<Response, Refusal> {
        let answer = self.weather.integrate(request, matched, caller).await;
        self.judge(answer, |response| {
            let outcome = if response.status < 500 { Outcome::Changed } else { Outcome::Refused };
            (outcome, format!("respondeu {}", response.status))
        })
    }

    fn store(&mut self, request: &Request, matched: &Matched, response: Response) -> Response {
        self.weather.store(request, matched, response)
    }
}

/// A requisição de um cliente gerado, atendida pela API inteira.
pub async fn serve(request: &kit::lab::ClientRequest) -> Response {
    let mut weather = Weather::new();
    let Ok(method) = request.method.parse() else {
        return Response::message(403, "Missing Authentication Token");
    };
    // Do endereço só interessa o que vem depois do stage: https://a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com/prod/cities
    let after_host = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let path = after_host.split_once('/').map_or("", |(_, path)| path);
    let target = path.strip_prefix(&Weather::info().stage).unwrap_or(path);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let arriving = Request {
        method,
        path: path.to_owned(),
        query: Query::parse(query),
        headers: request.headers.iter().cloned().collect::<Headers>(),
        body: request.body.clone().into_bytes(),
        source_ip: "203.0.113.7".to_owned(),
    };
    let arrival = Arrival { request_id: "r1".to_owned(), at: weather.now() };
    handle(&mut weather, &arriving, &Weather::info(), &GatewayResponses::default(), &arrival).await.0
}
