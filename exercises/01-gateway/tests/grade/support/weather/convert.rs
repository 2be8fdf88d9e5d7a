//! Entre os tipos do crate avaliado e os dos passos prontos: quando são o mesmo crate, uma cópia.

use gateway::model as ours;

use crate::ready::model as theirs;

pub fn method(method: ours::Method) -> theirs::Method {
    method.as_str().parse().unwrap_or(theirs::Method::Get)
}

pub fn method_back(method: theirs::Method) -> ours::Method {
    method.as_str().parse().unwrap_or(ours::Method::Get)
}

pub fn request(request: &ours::Request) -> theirs::Request {
    theirs::Request {
        method: method(request.method),
        path: request.path.clone(),
        query: request.query.iter().collect(),
        headers: request.headers.iter().collect(),
        body: request.body.clone(),
        source_ip: request.source_ip.clone(),
    }
}

pub fn response(response: theirs::Response) -> ours::Response {
    let headers = response.headers.iter().collect();
    ours::Response { status: response.status, headers, body: response.body }
}

pub fn response_in(response: ours::Response) -> theirs::Response {
    let headers = response.headers.iter().collect();
    theirs::Response { status: response.status, headers, body: response.body }
}

pub fn refusal(refusal: theirs::Refusal) -> ours::Refusal {
    let kind = ours::GatewayResponseType::ALL.into_iter().find(|kind| kind.as_str() == refusal.kind.as_str());
    ours::Refusal { kind: kind.unwrap_or(ours::GatewayResponseType::ApiConfigurationError), message: refusal.message }
}

/// A configuração da API está errada: não devia acontecer com a do escritório.
pub fn misconfigured() -> ours::Refusal {
    ours::Refusal::new(ours::GatewayResponseType::ApiConfigurationError, "Internal server error")
}
