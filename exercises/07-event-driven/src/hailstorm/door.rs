//! A porta da frente: a requisição vira o evento da integração Lambda proxy, nos dois formatos do capítulo 1.
//!
//! O app novo da cooperativa fala com uma API HTTP (formato 2.0); o antigo, com a API REST (formato 1.0).

use serde_json::{Value, json};

use super::Damage;

/// O formato do evento que a função recebe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// O da API REST.
    V1,
    /// O da API HTTP.
    V2,
}

/// O corpo que o app manda.
pub fn body(damage: &Damage) -> String {
    json!({ "report_id": damage.report_id, "grower": damage.grower, "hectares": damage.hectares }).to_string()
}

/// O evento de `POST /damages` com este corpo. De cada formato, só os campos que alguém aqui lê.
pub fn event(format: Format, body: &str) -> Value {
    match format {
        Format::V1 => json!({
            "resource": "/damages",
            "httpMethod": "POST",
            "path": "/damages",
            "body": body,
            "isBase64Encoded": false,
        }),
        Format::V2 => json!({
            "version": "2.0",
            "routeKey": "POST /damages",
            "rawPath": "/damages",
            "body": body,
            "isBase64Encoded": false,
        }),
    }
}

/// O corpo não é um relato.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("o corpo não é um relato de dano")]
pub struct BadRequest;

/// Lê o relato do evento, em qualquer dos dois formatos.
///
/// # Errors
/// [`BadRequest`] quando o corpo não serve: mandar de novo não adianta.
pub fn read_damage(event: &Value) -> Result<Damage, BadRequest> {
    let body = event.get("body").and_then(Value::as_str).ok_or(BadRequest)?;
    let body: Value = serde_json::from_str(body).map_err(|_| BadRequest)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let damage = Damage {
        report_id: text("report_id").ok_or(BadRequest)?,
        grower: text("grower").ok_or(BadRequest)?,
        hectares: body.get("hectares").and_then(Value::as_u64).ok_or(BadRequest)?,
    };
    match damage.number() {
        Some(_) if damage.hectares > 0 => Ok(damage),
        _ => Err(BadRequest),
    }
}
