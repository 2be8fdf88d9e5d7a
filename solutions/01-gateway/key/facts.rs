//! Os fatos do capítulo: os limites e os estados HTTP que a folha de consulta mostra.

use gateway::authorizers::cache_ttl;
use gateway::caching::{Cache, Ttl};
use gateway::exchange::default_status;
use gateway::function::{Function, InvokeError};
use gateway::lambda_proxy::{Api, Failure, Integration};
use gateway::limits::Throttle;
use gateway::model::{GatewayResponseType, Method, Request};
use gateway::pipeline::MAXIMUM_PAYLOAD;
use gateway::routing::{HttpApi, RestApi};
use gateway::websocket::{IDLE_TIMEOUT, MAX_DURATION, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES};
use kit::key::{Key, largest};
use kit::text::{bytes, duration, thousands};
use serde_json::json;

/// Acrescenta os fatos à chave.
pub fn add(key: Key) -> Key {
    statuses(limits(key))
}

fn limits(key: Key) -> Key {
    const DAY: u64 = 24 * 60 * 60;
    let account = Throttle::of_account("sa-east-1");
    let smaller = Throttle::of_account("mx-central-1");
    let function = || Function::always(json!({}));
    let response_ttl = |seconds: Option<u64>| Ttl::new(seconds.map(u64::cast_signed)).map(Ttl::duration);
    let longest_response = largest(DAY, |seconds| response_ttl(Some(seconds)).is_ok());
    let authorizer_ttl = |seconds: Option<u64>| cache_ttl(seconds.map(|each| u32::try_from(each).unwrap_or(u32::MAX)));
    let longest_authorizer = largest(DAY, |seconds| authorizer_ttl(Some(seconds)).is_ok());
    key.fact("account-rate", rate(account))
        .fact("account-burst", thousands(account.burst_limit as usize))
        .fact("smaller-region-rate", rate(smaller))
        .fact("smaller-region-burst", thousands(smaller.burst_limit as usize))
        .fact("payload", bytes(MAXIMUM_PAYLOAD))
        .fact("rest-timeout", duration(Integration::rest(function(), &[]).timeout))
        .fact("http-timeout", duration(Integration::http(function()).timeout))
        .fact("cache-ttl", duration(response_ttl(None).expect("o padrão serve")))
        .fact("longest-cache-ttl", duration(response_ttl(Some(longest_response)).expect("achado como aceito")))
        .fact("cached-response", bytes(Cache::MAXIMUM_RESPONSE_SIZE))
        .fact("authorizer-ttl", duration(authorizer_ttl(None).expect("o padrão serve")))
        .fact("longest-authorizer-ttl", duration(authorizer_ttl(Some(longest_authorizer)).expect("achado como aceito")))
        .fact("websocket-message", bytes(MAX_MESSAGE_BYTES))
        .fact("websocket-frame", bytes(MAX_FRAME_BYTES))
        .fact("websocket-idle", duration(IDLE_TIMEOUT))
        .fact("websocket-duration", duration(MAX_DURATION))
}

/// Por segundo, sem a fração que nenhum limite de conta tem.
fn rate(throttle: Throttle) -> String {
    let whole = largest(1_000_000, |rate| rate as f64 <= throttle.rate_limit);
    thousands(usize::try_from(whole).unwrap_or(usize::MAX))
}

/// O que o cliente recebe, por motivo: numa API REST e numa API HTTP.
fn statuses(key: Key) -> Key {
    let rest = Api::Rest { binary_media_types: Vec::new() };
    let of = |failure: Failure, api: &Api| failure.response(api).status.to_string();
    let reasons = [
        ("function-error", Failure::FunctionError),
        ("malformed", Failure::Malformed),
        ("timed-out", Failure::TimedOut),
        ("refused", Failure::Refused(InvokeError::Throttled)),
    ];
    let key = reasons.into_iter().fold(key, |key, (reason, failure)| {
        key.fact(&format!("rest-{reason}"), of(failure, &rest)).fact(&format!("http-{reason}"), of(failure, &Api::Http))
    });

    let status = |kind: GatewayResponseType| default_status(kind).0.to_string();
    let request = Request::new(Method::Get, "/nothing");
    let unknown = RestApi::new().route(&request).expect_err("não há rota");
    let http_unknown = HttpApi::new(&["$default"], &[]).expect("sem rotas").route(&request).expect_err("não há rota");
    key.fact("rest-unknown-route", status(unknown.kind))
        .fact("http-unknown-route", http_unknown.status.to_string())
        .fact("throttled", status(GatewayResponseType::Throttled))
        .fact("too-large", status(GatewayResponseType::RequestTooLarge))
        .fact("bad-request", status(GatewayResponseType::BadRequestBody))
        .fact("unauthorized", status(GatewayResponseType::Unauthorized))
        .fact("denied", status(GatewayResponseType::AccessDenied))
        .fact("invalid-key", status(GatewayResponseType::InvalidApiKey))
}
