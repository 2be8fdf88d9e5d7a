//! Quem chama e quem permite, no passo `permissions`.

use kit::text::count;
use lambda::permissions::{
    AddPermission, Caller, Effect, INVOKE_FUNCTION, IdentityStatement, Principal, Statement, add_permission,
};

/// A função que faz as miniaturas.
pub const FUNCTION: &str = "arn:aws:lambda:sa-east-1:123456789012:function:make-thumbnail";
/// O bucket das fotos. O ARN de um bucket não tem conta.
pub const BUCKET: &str = "arn:aws:s3:::photos-serra-clara";
/// A conta do escritório.
pub const ACCOUNT: &str = "123456789012";
/// Outra conta.
pub const OTHER: &str = "210987654321";
/// Um papel da outra conta.
pub const COOPERATIVE: &str = "arn:aws:iam::210987654321:role/cooperativa";

pub fn allow(action: &str, resource: &str) -> IdentityStatement {
    IdentityStatement { effect: Effect::Allow, actions: vec![action.to_owned()], resources: vec![resource.to_owned()] }
}

pub fn deny(action: &str, resource: &str) -> IdentityStatement {
    IdentityStatement { effect: Effect::Deny, ..allow(action, resource) }
}

/// Um statement montado à mão, para não depender do código de quem resolve o passo.
pub fn statement(principal: &str, source_arn: Option<&str>, source_account: Option<&str>) -> Statement {
    let principal = match principal {
        "*" => Principal::Anyone,
        arn if arn.starts_with("arn:") => Principal::Aws(arn.to_owned()),
        service if service.ends_with(".com") => Principal::Service(service.to_owned()),
        account => Principal::Aws(format!("arn:aws:iam::{account}:root")),
    };
    Statement {
        sid: "a".to_owned(),
        effect: Effect::Allow,
        principal,
        action: INVOKE_FUNCTION.to_owned(),
        resource: FUNCTION.to_owned(),
        source_arn: source_arn.map(str::to_owned),
        source_account: source_account.map(str::to_owned),
    }
}

pub fn permission(
    statement_id: &str,
    principal: &str,
    source_arn: Option<&str>,
    source_account: Option<&str>,
    qualifier: Option<&str>,
) -> AddPermission {
    AddPermission {
        statement_id: statement_id.to_owned(),
        action: INVOKE_FUNCTION.to_owned(),
        principal: principal.to_owned(),
        source_arn: source_arn.map(str::to_owned),
        source_account: source_account.map(str::to_owned),
        qualifier: qualifier.map(str::to_owned),
    }
}

/// As políticas depois de pedidos que a AWS aceita.
pub fn permissions(requests: &[AddPermission]) -> Vec<Statement> {
    let mut policy = Vec::new();
    for request in requests {
        if let Err(error) = add_permission(&mut policy, FUNCTION, request) {
            panic!(
                "a AWS aceita {} depois de {}; o seu `add_permission` recusou com `{error}`",
                told_request(request),
                count(policy.len(), "permissão aceita", "permissões aceitas")
            );
        }
    }
    policy
}

pub fn service(principal: &str, source_arn: Option<&str>, source_account: Option<&str>) -> Caller {
    Caller::Service {
        principal: principal.to_owned(),
        source_arn: source_arn.map(str::to_owned),
        source_account: source_account.map(str::to_owned),
    }
}

/// O S3, em nome de um bucket que agora é desta conta.
pub fn s3(bucket: &str, account: &str) -> Caller {
    service("s3.amazonaws.com", Some(bucket), Some(account))
}

pub fn identity(arn: &str, policy: &[IdentityStatement]) -> Caller {
    Caller::Identity { arn: arn.to_owned(), policy: policy.to_vec() }
}

pub fn ana(policy: &[IdentityStatement]) -> Caller {
    identity("arn:aws:iam::123456789012:user/ana", policy)
}

/// `a` ou `ausente`.
pub fn told(value: Option<&str>) -> &str {
    value.unwrap_or("ausente")
}

/// O pedido, como se lê numa frase.
pub fn told_request(request: &AddPermission) -> String {
    format!(
        "a permissão `{}` para {}, com SourceArn {}, SourceAccount {} e Qualifier {}",
        request.statement_id,
        request.principal,
        told(request.source_arn.as_deref()),
        told(request.source_account.as_deref()),
        told(request.qualifier.as_deref())
    )
}

/// `Allow sqs:* em *`, um por statement.
pub fn told_policy(policy: &[IdentityStatement]) -> String {
    let tell = |each: &IdentityStatement| {
        format!("{:?} {} em {}", each.effect, each.actions.join(" e "), each.resources.join(" e "))
    };
    match policy {
        [] => "sem statements".to_owned(),
        _ => policy.iter().map(tell).collect::<Vec<_>>().join("; "),
    }
}

/// `a e b`; `nada`.
pub fn list(items: &[&str]) -> String {
    if items.is_empty() { "nada".to_owned() } else { items.join(" e ") }
}

/// Quem chama, como se lê numa frase.
pub fn tell(caller: &Caller) -> String {
    match caller {
        Caller::Service { principal, source_arn, source_account } => {
            let arn = source_arn.as_deref().unwrap_or("recurso não informado");
            let account = source_account.as_deref().unwrap_or("não informada");
            format!("{principal}, em nome de {arn}, da conta {account}")
        }
        Caller::Identity { arn, .. } => arn.clone(),
    }
}
