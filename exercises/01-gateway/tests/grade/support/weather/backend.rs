//! A função do Lambda por trás da API: cidades, previsões e alertas, em memória.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::RUN_TIME;
use crate::ready::function::{Function, Reply};

/// Como a função está.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Responde.
    #[default]
    Works,
    /// Lança um erro.
    Throws,
    /// Devolve uma resposta sem a forma que o API Gateway espera.
    Malformed,
}

#[derive(Debug, Default)]
struct State {
    behavior: Behavior,
    alerts: Vec<Value>,
}

/// A função e o que ela guarda.
#[derive(Clone)]
pub struct Backend {
    function: Function,
    state: Arc<Mutex<State>>,
}

impl Backend {
    pub fn new() -> Self {
        let state = Arc::new(Mutex::new(State {
            behavior: Behavior::Works,
            alerts: vec![json!({ "alertId": "117", "kind": "geada", "city": "vale-verde", "severity": 2 })],
        }));
        let seen = Arc::clone(&state);
        let function = Function::new(move |event| answer(&mut lock(&seen), event)).taking(RUN_TIME);
        Self { function, state }
    }

    pub fn function(&self) -> &Function {
        &self.function
    }

    pub fn behave(&self, behavior: Behavior) {
        lock(&self.state).behavior = behavior;
    }

    /// Os alertas de uma cidade, como a tabela do escritório os devolve.
    pub fn list_alerts(&self, city: &str) -> String {
        let state = lock(&self.state);
        let items: Vec<_> = state.alerts.iter().filter(|alert| alert["city"] == city).collect();
        json!({ "Items": items }).to_string()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(state: &mut State, event: &Value) -> Reply {
    match state.behavior {
        Behavior::Works => {}
        Behavior::Throws => return Reply::Throw("a tabela de estações não respondeu".to_owned()),
        Behavior::Malformed => return Reply::Json(json!({ "statusCode": 200, "corpo": "sem body" })),
    }
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (status, body) = match (text("/httpMethod").as_str(), text("/resource").as_str()) {
        ("GET", "/cities") => (200, json!({ "cities": ["serra-clara", "vale-verde"] })),
        ("GET", "/cities/{city}") => match text("/pathParameters/city").as_str() {
            city @ ("serra-clara" | "vale-verde") => (200, json!({ "city": city, "celsius": 11, "sky": "nublado" })),
            city => (404, json!({ "message": format!("não conheço a cidade {city}") })),
        },
        ("GET", "/cities/{city}/forecast") => {
            let days: u64 = text("/queryStringParameters/days").parse().unwrap_or(1);
            (200, json!({ "city": text("/pathParameters/city"), "days": days, "hail": days > 1 }))
        }
        ("POST", "/alerts") => {
            let alert: Value = serde_json::from_str(&text("/body")).unwrap_or_default();
            let alert_id = (117 + state.alerts.len()).to_string();
            let mut kept = alert.clone();
            if let Some(fields) = kept.as_object_mut() {
                fields.insert("alertId".to_owned(), alert_id.clone().into());
            }
            state.alerts.push(kept);
            (201, json!({ "alertId": alert_id }))
        }
        ("DELETE", "/alerts/{alertId}") => {
            let alert_id = text("/pathParameters/alertId");
            let before = state.alerts.len();
            state.alerts.retain(|alert| alert["alertId"] != alert_id.as_str());
            if state.alerts.len() < before { (204, Value::Null) } else { (404, json!({ "message": "não existe" })) }
        }
        _ => (200, json!({ "station": text("/pathParameters/station"), "file": text("/pathParameters/proxy") })),
    };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Reply::Json(json!({ "statusCode": status, "headers": { "Content-Type": "application/json" }, "body": body }))
}
