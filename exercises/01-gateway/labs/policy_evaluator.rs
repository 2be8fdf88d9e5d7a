//! O avaliador de políticas: uma política, um método, e o que o gateway responde.

use std::time::Duration;

use gateway::authorizers::{Decision, Identity, LambdaAuthorizer, evaluate};
use gateway::function::Function;
use gateway::lambda_authorizer::{IdentitySource, MethodCall};
use gateway::model::Request;
use gateway::policy::{INVOKE, MethodArn, Policy};
use kit::lab::{Block, Output, Tone};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

/// O que os controles dizem.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    /// A política, em JSON.
    policy: String,
    /// O fim do ARN do método chamado: `prod/GET/alerts`.
    method: String,
    /// O fim do ARN do método que o mesmo token chamou 5 s antes; vazio se não chamou nenhum.
    previous: String,
}

/// Avalia a política e conta o que aconteceu.
pub async fn play(scenario: Scenario) -> Output {
    let policy = match Policy::parse(&scenario.policy) {
        Ok(policy) => policy,
        Err(error) => return refused(error.to_string()),
    };
    let Some(arn) = arn(&scenario.method) else { return refused(format!("não há o método {}", scenario.method)) };
    let decision = evaluate(&policy, INVOKE, &arn.to_string());
    let mut blocks =
        vec![Block::Text { label: "O método chamado".to_owned(), text: arn.to_string(), tone: Tone::Plain }];
    blocks.extend((!policy.statements.is_empty()).then(|| statements(&policy, &arn)));
    blocks.push(verdict(decision));
    blocks.extend(answer(decision));
    let mut summary = format!("{}: {}.", title(&arn), sentence(decision));
    if let Some(previous) = self::arn(&scenario.previous) {
        let (rows, runs) = two_calls(&scenario.policy, [previous, arn]).await;
        summary += &format!(" Em duas chamadas do mesmo token, a função rodou {}.", times(runs));
        let header = ["instante", "método", "de onde veio a política", "resposta"].map(str::to_owned).to_vec();
        blocks.push(Block::Table { label: "O mesmo token, com o TTL padrão (300 s)".to_owned(), header, rows });
    }
    Output { summary, blocks }
}

/// O ARN na API do tempo, a partir de `prod/GET/alerts`.
fn arn(tail: &str) -> Option<MethodArn> {
    let (stage, rest) = tail.split_once('/')?;
    let (method, path) = rest.split_once('/')?;
    Some(MethodArn {
        region: "sa-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
        api_id: "a1b2c3d4e5".to_owned(),
        stage: stage.to_owned(),
        method: method.parse().ok()?,
        path: format!("/{path}"),
    })
}

/// `GET /alerts`, com o stage quando não é `prod`.
fn title(arn: &MethodArn) -> String {
    let stage = if arn.stage == "prod" { String::new() } else { format!(" em {}", arn.stage) };
    format!("{} {}{stage}", arn.method, arn.path)
}

fn refused(problem: String) -> Output {
    let summary = format!("A política não pôde ser lida: {problem}.");
    Output { summary, blocks: vec![Block::Text { label: "A política".to_owned(), text: problem, tone: Tone::Bad }] }
}

/// O que cada statement diz deste método.
fn statements(policy: &Policy, arn: &MethodArn) -> Block {
    let yes = |yes: bool| if yes { "sim" } else { "não" }.to_owned();
    let resource = arn.to_string();
    let rows = policy.statements.iter().enumerate().map(|(index, statement)| {
        let (action, resource) = (statement.covers_action(INVOKE), statement.covers_resource(&resource));
        let name = statement.sid.clone().unwrap_or_else(|| (index + 1).to_string());
        let effect = statement.effect.to_string();
        let result = if action && resource { effect.clone() } else { "não vale".to_owned() };
        vec![name, effect, yes(action), yes(resource), result]
    });
    Block::Table {
        label: "Cada statement".to_owned(),
        header: ["statement", "Effect", "a ação casa", "o recurso casa", "o que diz"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn sentence(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "segue, porque um Allow alcança e nenhum Deny alcança",
        Decision::ExplicitDeny => "403, porque um Deny alcança: é a negação explícita",
        Decision::ImplicitDeny => "403, porque nenhum statement alcança: é a negação implícita",
    }
}

fn verdict(decision: Decision) -> Block {
    let tone = if decision == Decision::Allow { Tone::Good } else { Tone::Bad };
    Block::Text { label: "Decisão".to_owned(), text: sentence(decision).to_owned(), tone }
}

/// A resposta de quem foi recusado por um Lambda authorizer.
fn answer(decision: Decision) -> Option<Block> {
    let refused = "User is not authorized to access this resource";
    let message = match decision {
        Decision::Allow => return None,
        Decision::ImplicitDeny => refused.to_owned(),
        Decision::ExplicitDeny => format!("{refused} with an explicit deny"),
    };
    let headers = [("Content-Type", "application/json"), ("x-amzn-errortype", "AccessDeniedException")];
    Some(Block::Response {
        label: "O que o cliente recebe".to_owned(),
        status: 403,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: json!({ "message": message }).to_string(),
    })
}

/// O mesmo token chama dois métodos, com 5 s entre eles; devolve as linhas da tabela e quantas vezes a função rodou.
async fn two_calls(policy: &str, methods: [MethodArn; 2]) -> (Vec<Vec<String>>, usize) {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let function = Function::always(json!({ "principalId": "beto", "policyDocument": document }));
    let identity = Identity::Token { source: IdentitySource::Header("Authorization".to_owned()), validation: None };
    let Ok(authorizer) = LambdaAuthorizer::new(identity, None, function.clone()) else { return (Vec::new(), 0) };
    let mut rows = Vec::new();
    for (instant, arn) in ["0 s", "5 s"].into_iter().zip(methods) {
        let before = function.runs();
        let request = Request::new(arn.method, &arn.path).header("Authorization", "abc");
        let name = title(&arn);
        let result = authorizer.authorize(&MethodCall::new(request, arn)).await;
        let origin = if function.runs() > before { "da função" } else { "do cache" };
        let response = result.map_or_else(|refusal| refusal.to_string(), |_| "segue".to_owned());
        rows.push(vec![instant.to_owned(), name, origin.to_owned(), response]);
        sleep(Duration::from_secs(5)).await;
    }
    (rows, function.runs())
}

fn times(runs: usize) -> String {
    kit::text::count(runs, "vez", "vezes")
}
