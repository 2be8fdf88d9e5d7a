//! Engano: a permissão da função vale para as versões e os aliases dela.

use serde_json::{Map, Value, json};

/// A ação de chamar uma função.
pub const INVOKE_FUNCTION: &str = "lambda:InvokeFunction";

/// O que um statement faz com o que ele alcança.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Permite.
    Allow,
    /// Nega.
    Deny,
}

/// Um statement da política de uma identidade: de um usuário ou de um papel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityStatement {
    /// Permite ou nega.
    pub effect: Effect,
    /// As ações: nomes ou padrões com `*` e `?`. Ações não diferenciam maiúsculas de minúsculas.
    pub actions: Vec<String>,
    /// Os recursos: ARNs ou padrões com `*` e `?`.
    pub resources: Vec<String>,
}

/// A quem um statement da política da função se refere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `"*"`: qualquer um que cumpra as condições.
    Anyone,
    /// Um serviço: `s3.amazonaws.com`.
    Service(String),
    /// O ARN de um usuário ou papel, ou de uma conta inteira: `arn:aws:iam::123456789012:root`.
    Aws(String),
}

/// Um statement da política da função, da versão ou do alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// O nome.
    pub sid: String,
    /// Permite ou nega. `AddPermission` só permite; `PutResourcePolicy` aceita os dois.
    pub effect: Effect,
    /// A quem.
    pub principal: Principal,
    /// A ação, ou um padrão.
    pub action: String,
    /// O ARN da função, com o qualificador da versão ou do alias, se for a política de um.
    pub resource: String,
    /// A condição `ArnLike` de `AWS:SourceArn`.
    pub source_arn: Option<String>,
    /// A condição `StringEquals` de `AWS:SourceAccount`.
    pub source_account: Option<String>,
}

impl Statement {
    /// Como a AWS escreve o statement em `GetPolicy`.
    pub fn to_json(&self) -> Value {
        let principal = match &self.principal {
            Principal::Anyone => json!("*"),
            Principal::Service(name) => json!({ "Service": name }),
            Principal::Aws(arn) => json!({ "AWS": arn }),
        };
        let mut statement = json!({
            "Sid": self.sid,
            "Effect": if self.effect == Effect::Allow { "Allow" } else { "Deny" },
            "Principal": principal,
            "Action": self.action,
            "Resource": self.resource,
        });
        let mut condition = Map::new();
        if let Some(account) = &self.source_account {
            condition.insert("StringEquals".to_owned(), json!({ "AWS:SourceAccount": account }));
        }
        if let Some(arn) = &self.source_arn {
            condition.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": arn }));
        }
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        statement
    }
}

/// O que se pede a `AddPermission`. `None` é um campo que não veio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPermission {
    /// `StatementId`.
    pub statement_id: String,
    /// `Action`.
    pub action: String,
    /// `Principal`: um serviço, uma conta, um ARN ou `*`.
    pub principal: String,
    /// `SourceArn`.
    pub source_arn: Option<String>,
    /// `SourceAccount`.
    pub source_account: Option<String>,
    /// `Qualifier`: a versão ou o alias.
    pub qualifier: Option<String>,
}

/// Um erro de `AddPermission`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 400 `InvalidParameterValueException`.
    #[error("We currently do not support adding policies for $LATEST.")]
    LatestQualifier,
    /// 409 `ResourceConflictException`.
    #[error(
        "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing \
         statement."
    )]
    StatementExists {
        /// O nome repetido.
        sid: String,
    },
}

/// Quem chama a função.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Um serviço da AWS, em nome de um recurso.
    Service {
        /// O serviço: `s3.amazonaws.com`.
        principal: String,
        /// O ARN do recurso: o bucket, o tópico, o método da API.
        source_arn: Option<String>,
        /// A conta que é dona do recurso agora.
        source_account: Option<String>,
    },
    /// Um usuário ou papel do IAM.
    Identity {
        /// O ARN dele; a conta vem no ARN.
        arn: String,
        /// As políticas dele.
        policy: Vec<IdentityStatement>,
    },
}

/// O que uma política sozinha diz de um pedido.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Algum statement que alcança o pedido nega.
    Deny,
    /// Algum permite, e nenhum nega.
    Allow,
    /// Nenhum alcança o pedido.
    Silent,
}

/// O que o conjunto das políticas decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Pode chamar.
    Allow,
    /// Um `Deny` alcança o pedido.
    ExplicitDeny,
    /// Faltou quem permitisse.
    ImplicitDeny,
}

/// De onde vem o evento.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Uma rota ou um método do API Gateway.
    ApiGateway,
    /// Um bucket do S3.
    S3,
    /// Um tópico do SNS.
    Sns,
    /// Uma regra do EventBridge.
    EventBridge,
    /// Um *user pool* do Cognito.
    Cognito,
    /// Uma fila do SQS.
    Sqs,
    /// Um fluxo do Kinesis.
    Kinesis,
    /// O fluxo de uma tabela do DynamoDB.
    DynamoDbStreams,
    /// Um cluster do Amazon MSK.
    Msk,
    /// Um *broker* do Amazon MQ.
    AmazonMq,
}

/// Onde se escreve a permissão.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Na política da função, para este serviço.
    FunctionPolicy {
        /// O serviço: `s3.amazonaws.com`.
        principal: &'static str,
    },
    /// Na *execution role* da função.
    ExecutionRole,
}

/// Compara um texto com um padrão: `*` é qualquer sequência, mesmo vazia; `?` é um caractere. Vem pronta.
///
/// ```
/// use lambda::permissions::wildcard;
///
/// assert!(wildcard("lambda:*", "lambda:InvokeFunction"));
/// assert!(!wildcard("sqs:?etQueue", "sqs:GetQueueUrl"));
/// ```
pub fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        // O `*` engole nada, ou um caractere e tenta de novo.
        Some('*') => {
            let rest = pattern.trim_start_matches('*');
            rest.is_empty() || text.char_indices().any(|(index, _)| wildcard(rest, &text[index..]))
        }
        Some(expected) => text.chars().next().is_some_and(|found| {
            (expected == '?' || expected == found)
                && wildcard(&pattern[expected.len_utf8()..], &text[found.len_utf8()..])
        }),
    }
}

/// A conta de um ARN, o quinto dos seis campos; vazia em um ARN de bucket e em um texto que não é ARN.
pub fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// O operador `ArnLike`: compara campo a campo.
pub fn arn_like(pattern: &str, arn: &str) -> bool {
    let (patterns, fields): (Vec<&str>, Vec<&str>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    patterns.len() == 6 && fields.len() == 6 && patterns.iter().zip(&fields).all(|(each, field)| wildcard(each, field))
}

/// `AddPermission`: acrescenta um statement à política da função, da versão ou do alias.
///
/// `policy` tem os statements de todos eles; `function_arn` não tem qualificador.
///
/// # Errors
/// [`ApiError`], e nada muda.
pub fn add_permission(
    policy: &mut Vec<Statement>,
    function_arn: &str,
    request: &AddPermission,
) -> Result<(), ApiError> {
    let resource = match request.qualifier.as_deref() {
        None => function_arn.to_owned(),
        Some("$LATEST") => return Err(ApiError::LatestQualifier),
        Some(qualifier) => format!("{function_arn}:{qualifier}"),
    };
    if policy.iter().any(|each| each.sid == request.statement_id && each.resource == resource) {
        return Err(ApiError::StatementExists { sid: request.statement_id.clone() });
    }
    let name = &request.principal;
    let principal = if name == "*" {
        Principal::Anyone
    } else if name.starts_with("arn:") {
        Principal::Aws(name.clone())
    } else if name.len() == 12 && name.chars().all(|each| each.is_ascii_digit()) {
        Principal::Aws(format!("arn:aws:iam::{name}:root"))
    } else {
        Principal::Service(name.clone())
    };
    policy.push(Statement {
        sid: request.statement_id.clone(),
        effect: Effect::Allow,
        principal,
        action: request.action.clone(),
        resource,
        source_arn: request.source_arn.clone(),
        source_account: request.source_account.clone(),
    });
    Ok(())
}

/// O que a política de uma identidade diz da ação no recurso.
pub fn identity_verdict(policy: &[IdentityStatement], action: &str, resource: &str) -> Verdict {
    let action = action.to_ascii_lowercase();
    verdict(policy.iter().filter_map(|each| {
        let reaches = each.actions.iter().any(|pattern| wildcard(&pattern.to_ascii_lowercase(), &action))
            && each.resources.iter().any(|pattern| wildcard(pattern, resource));
        reaches.then_some(each.effect)
    }))
}

/// O que a política da função diz de `caller` invocar `function_arn`, que é o ARN usado na chamada, com o qualificador.
pub fn resource_verdict(policy: &[Statement], function_arn: &str, caller: &Caller) -> Verdict {
    let invoke = INVOKE_FUNCTION.to_ascii_lowercase();
    verdict(policy.iter().filter_map(|each| {
        let (source_arn, source_account) = match caller {
            Caller::Service { source_arn, source_account, .. } => (source_arn.as_deref(), source_account.as_deref()),
            Caller::Identity { .. } => (None, None),
        };
        let is_principal = match (&each.principal, caller) {
            (Principal::Anyone, _) => true,
            (Principal::Service(name), Caller::Service { principal, .. }) => name == principal,
            (Principal::Aws(name), Caller::Identity { arn, .. }) => {
                name == arn || *name == format!("arn:aws:iam::{}:root", account_of(arn))
            }
            (Principal::Service(_), Caller::Identity { .. }) | (Principal::Aws(_), Caller::Service { .. }) => false,
        };
        let reaches = is_principal
            && wildcard(&each.action.to_ascii_lowercase(), &invoke)
            && function_arn.starts_with(&each.resource)
            && each.source_arn.as_ref().is_none_or(|like| source_arn.is_some_and(|arn| arn_like(like, arn)))
            && each.source_account.as_ref().is_none_or(|account| source_account == Some(account));
        reaches.then_some(each.effect)
    }))
}

/// O veredito dos statements que alcançam o pedido.
pub fn verdict(effects: impl Iterator<Item = Effect>) -> Verdict {
    effects.fold(Verdict::Silent, |verdict, effect| match (verdict, effect) {
        (Verdict::Deny, _) | (_, Effect::Deny) => Verdict::Deny,
        (_, Effect::Allow) => Verdict::Allow,
    })
}

/// Decide se `caller` pode invocar `function_arn`.
pub fn decide(policy: &[Statement], function_arn: &str, caller: &Caller) -> Decision {
    let resource = resource_verdict(policy, function_arn, caller);
    let (identity, same_account) = match caller {
        // Um serviço não tem política de identidade: a da função decide sozinha.
        Caller::Service { .. } => (Verdict::Silent, true),
        Caller::Identity { arn, policy } => {
            (identity_verdict(policy, INVOKE_FUNCTION, function_arn), account_of(arn) == account_of(function_arn))
        }
    };
    let allows = [resource, identity].iter().filter(|each| **each == Verdict::Allow).count();
    if resource == Verdict::Deny || identity == Verdict::Deny {
        Decision::ExplicitDeny
    } else if allows >= if same_account { 1 } else { 2 } {
        Decision::Allow
    } else {
        Decision::ImplicitDeny
    }
}

/// Verdadeiro quando um statement que permite um serviço deixa passar o recurso de outra conta.
pub fn admits_strangers(statement: &Statement) -> bool {
    let fixed = |account: &str| !account.is_empty() && !account.contains(['*', '?']);
    statement.effect == Effect::Allow
        && !matches!(statement.principal, Principal::Aws(_))
        && statement.source_account.is_none()
        && !statement.source_arn.as_deref().is_some_and(|arn| fixed(account_of(arn)))
}

/// Onde se escreve a permissão para que a função receba eventos da origem.
pub fn grant_for(origin: Origin) -> Grant {
    let principal = match origin {
        Origin::ApiGateway => "apigateway.amazonaws.com",
        Origin::S3 => "s3.amazonaws.com",
        Origin::Sns => "sns.amazonaws.com",
        Origin::EventBridge => "events.amazonaws.com",
        Origin::Cognito => "cognito-idp.amazonaws.com",
        Origin::Sqs | Origin::Kinesis | Origin::DynamoDbStreams | Origin::Msk | Origin::AmazonMq => {
            return Grant::ExecutionRole;
        }
    };
    Grant::FunctionPolicy { principal }
}

/// As ações de `needed` que a *execution role* não pode fazer em `source_arn`, na ordem em que vieram.
pub fn missing_actions<'a>(role: &[IdentityStatement], needed: &[&'a str], source_arn: &str) -> Vec<&'a str> {
    let allowed = |action: &&str| identity_verdict(role, action, source_arn) == Verdict::Allow;
    needed.iter().copied().filter(|action| !allowed(action)).collect()
}
