//! Os testes do passo `permissions`: o ARN, o statement, cada política sozinha, a decisão (em `decision`) e quem é puxado.

use kit::text::count;
use lambda::permissions::{
    AddPermission, ApiError, Caller, Effect, Grant, IdentityStatement, Origin, Statement, Verdict, add_permission,
    admits_strangers, arn_like, grant_for, identity_verdict, missing_actions, resource_verdict,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::grants::{
    ACCOUNT, BUCKET, COOPERATIVE, FUNCTION, OTHER, allow, ana, deny, identity, list, permission, permissions, s3,
    service, statement, tell, told, told_policy, told_request,
};

/// `ArnLike` compara os seis campos um a um; um `*` não passa de um campo a outro.
#[rstest]
#[case::equal(&[(BUCKET, BUCKET, true), (BUCKET, "arn:aws:s3:::photos-serra-clara-2", false), (BUCKET, "arn:aws:s3:::photos-serra", false)])]
#[case::wildcards(&[
    ("arn:aws:s3:::photos-*", BUCKET, true),
    ("arn:aws:s3:::photos-serra-clar?", BUCKET, true),
    ("arn:aws:sns:*:123456789012:alerts", TOPIC, true)
])]
#[case::method(&[(ALERTS, METHOD, true), (ALERTS, "arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/prod/GET/alerts", false)])]
#[case::the_sixth_field_keeps_its_colons(&[(
    "arn:aws:lambda:sa-east-1:123456789012:function:*",
    "arn:aws:lambda:sa-east-1:123456789012:function:forecast:live",
    true
)])]
#[case::star_does_not_cross(&[
    ("arn:aws:sns:*:alerts:x:y", "arn:aws:sns:sa-east-1:123456789012:alerts:x:y", false),
    ("arn:*:123456789012:alerts:x:y", "arn:aws:sns:sa-east-1:123456789012:alerts:x:y", false)
])]
#[case::fewer_than_six_fields(&[("arn:aws:sns:*:alerts", TOPIC, false), ("arn:aws:s3", BUCKET, false), ("*", BUCKET, false)])]
#[case::case_matters(&[("arn:aws:s3:::Photos-serra-clara", BUCKET, false)])]
fn arn_like_compares_field_by_field(#[case] table: &[(&str, &str, bool)]) {
    for &(pattern, arn, expected) in table {
        let found = arn_like(pattern, arn);
        expect_same!(
            found,
            expected,
            "`ArnLike` separa o ARN em seis campos por `:` e compara cada um: `{pattern}` {} `{arn}`; o seu `arn_like` deu {found}",
            if expected { "alcança" } else { "não alcança" }
        );
    }
}

const TOPIC: &str = "arn:aws:sns:sa-east-1:123456789012:alerts";
const ALERTS: &str = "arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/*/POST/alerts";
const METHOD: &str = "arn:aws:execute-api:sa-east-1:123456789012:a1b2c3d4e5/prod/POST/alerts";

/// `AddPermission` escreve o statement que a AWS escreve.
#[rstest]
#[case::service("s3.amazonaws.com", Some(BUCKET), Some(ACCOUNT), json!({
    "Sid": "a", "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "lambda:InvokeFunction",
    "Resource": FUNCTION,
    "Condition": { "StringEquals": { "AWS:SourceAccount": ACCOUNT }, "ArnLike": { "AWS:SourceArn": BUCKET } }
}))]
#[case::no_condition("sns.amazonaws.com", None, None, json!({
    "Sid": "a", "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" }, "Action": "lambda:InvokeFunction",
    "Resource": FUNCTION
}))]
#[case::account(OTHER, None, None, json!({
    "Sid": "a", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::210987654321:root" },
    "Action": "lambda:InvokeFunction", "Resource": FUNCTION
}))]
#[case::role(COOPERATIVE, None, None, json!({
    "Sid": "a", "Effect": "Allow", "Principal": { "AWS": COOPERATIVE }, "Action": "lambda:InvokeFunction", "Resource": FUNCTION
}))]
#[case::anyone("*", None, Some(ACCOUNT), json!({
    "Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": FUNCTION,
    "Condition": { "StringEquals": { "AWS:SourceAccount": ACCOUNT } }
}))]
fn add_permission_writes_the_statement(
    #[case] principal: &str,
    #[case] source_arn: Option<&str>,
    #[case] source_account: Option<&str>,
    #[case] expected: Value,
) {
    let policy = permissions(&[permission("a", principal, source_arn, source_account, None)]);
    let found: Vec<Value> = policy.iter().map(Statement::to_json).collect();
    expect_same!(
        found,
        std::slice::from_ref(&expected),
        "`AddPermission` para {principal}, SourceArn {} e SourceAccount {} escreve\n{expected}\n\ne o seu escreveu\n{}",
        told(source_arn),
        told(source_account),
        Value::from(found.clone())
    );
}

/// A ação do statement é a do pedido, e ele vai para o fim da política.
#[test]
fn the_statement_has_the_action_of_the_request() {
    let first = permission("a", "s3.amazonaws.com", None, None, None);
    let second =
        AddPermission { action: "lambda:*".to_owned(), ..permission("b", "sns.amazonaws.com", None, None, None) };
    let policy = permissions(&[first, second]);
    let found: Vec<_> = policy.iter().map(|each| (each.sid.as_str(), each.action.as_str())).collect();
    expect_same!(
        found,
        [("a", "lambda:InvokeFunction"), ("b", "lambda:*")],
        "pedir `a` com lambda:InvokeFunction e depois `b` com lambda:* deixa os dois nessa ordem; no seu código ficou {}",
        found.iter().map(|(sid, action)| format!("`{sid}` com {action}")).collect::<Vec<_>>().join(" e ")
    );
}

/// Com `Qualifier`, o statement é da versão ou do alias; o mesmo nome pode se repetir em cada política.
#[test]
fn each_qualifier_has_its_own_policy() {
    let all = [None, Some("7"), Some("live")];
    let requests = all.map(|qualifier| permission("s3", "s3.amazonaws.com", Some(BUCKET), None, qualifier));
    let found: Vec<String> = permissions(&requests).into_iter().map(|each| each.resource).collect();
    let expected = [FUNCTION.to_owned(), format!("{FUNCTION}:7"), format!("{FUNCTION}:live")];
    expect_same!(
        found,
        expected,
        "a função, a versão 7 e o alias live têm cada um a sua política, e o `Resource` é o ARN com o qualificador: \
         {}; no seu código, {}",
        expected.join(", "),
        found.join(", ")
    );
}

/// `$LATEST` não tem política, e um nome só serve uma vez em cada uma.
#[rstest]
#[case::latest(&[], permission("a", "s3.amazonaws.com", None, None, Some("$LATEST")), ApiError::LatestQualifier)]
#[case::repeated(&[None], permission("s3", "sns.amazonaws.com", None, None, None), ApiError::StatementExists { sid: "s3".into() })]
#[case::repeated_in_the_alias(
    &[None, Some("live")],
    permission("s3", "sns.amazonaws.com", None, None, Some("live")),
    ApiError::StatementExists { sid: "s3".into() }
)]
fn a_bad_permission_changes_nothing(
    #[case] before: &[Option<&str>],
    #[case] request: AddPermission,
    #[case] expected: ApiError,
) {
    let requests: Vec<_> =
        before.iter().map(|qualifier| permission("s3", "s3.amazonaws.com", None, None, *qualifier)).collect();
    let mut policy = permissions(&requests);
    let found = add_permission(&mut policy, FUNCTION, &request);
    expect_same!(
        (&found, policy.len()),
        (&Err(expected.clone()), before.len()),
        "depois de {}, pedir {} dá `{expected}` e deixa {0}; no seu código, o resultado é {}, e fica {}",
        count(before.len(), "statement", "statements"),
        told_request(&request),
        found.as_ref().err().map_or("aceito".to_owned(), |error| format!("`{error}`")),
        count(policy.len(), "statement", "statements")
    );
}

/// A política de uma identidade: um `Deny` que alcança ganha de qualquer `Allow`, na ordem que for.
#[rstest]
#[case::nothing(&[], Verdict::Silent)]
#[case::exact(&[allow("lambda:InvokeFunction", FUNCTION)], Verdict::Allow)]
#[case::patterns(&[allow("lambda:Invoke*", "arn:aws:lambda:*:123456789012:function:*")], Verdict::Allow)]
#[case::actions_ignore_case(&[allow("LAMBDA:invokefunction", FUNCTION)], Verdict::Allow)]
#[case::resources_do_not(&[allow("lambda:InvokeFunction", "arn:aws:lambda:sa-east-1:123456789012:function:Make-Thumbnail")], Verdict::Silent)]
#[case::other_action(&[allow("lambda:GetFunction", FUNCTION)], Verdict::Silent)]
#[case::any_of_the_list(&[two("lambda:GetFunction", "lambda:InvokeFunction", OUTSIDE, FUNCTION)], Verdict::Allow)]
#[case::none_of_the_list(&[two("lambda:GetFunction", "lambda:InvokeFunction", OUTSIDE, OUTSIDE)], Verdict::Silent)]
#[case::deny_last(&[allow("*", "*"), deny("lambda:InvokeFunction", FUNCTION)], Verdict::Deny)]
#[case::deny_first(&[deny("lambda:*", "*"), allow("lambda:InvokeFunction", FUNCTION)], Verdict::Deny)]
#[case::deny_of_another(&[deny("lambda:DeleteFunction", "*"), allow("lambda:*", "*")], Verdict::Allow)]
fn an_explicit_deny_wins(#[case] policy: &[IdentityStatement], #[case] expected: Verdict) {
    let found = identity_verdict(policy, "lambda:InvokeFunction", FUNCTION);
    expect_same!(
        found,
        expected,
        "lambda:InvokeFunction em {FUNCTION}, com a política ({}): {expected:?}; o seu `identity_verdict` deu {found:?}",
        told_policy(policy)
    );
}

const OUTSIDE: &str = "arn:aws:lambda:sa-east-1:123456789012:function:get-forecast";

/// Um `Allow` de duas ações em dois recursos.
fn two(action: &str, other_action: &str, resource: &str, other_resource: &str) -> IdentityStatement {
    let mut statement = allow(action, resource);
    statement.actions.push(other_action.to_owned());
    statement.resources.push(other_resource.to_owned());
    statement
}

/// Um statement vale para quem ele nomeia, na ação e no ARN dele, se todas as condições se cumprem.
#[rstest]
#[case::service(&[
    (statement("s3.amazonaws.com", None, None), s3(BUCKET, OTHER), Verdict::Allow),
    (statement("sns.amazonaws.com", None, None), s3(BUCKET, ACCOUNT), Verdict::Silent),
    (statement("s3.amazonaws.com", None, None), ana(&[]), Verdict::Silent)
])]
#[case::account(&[
    (statement(OTHER, None, None), identity(COOPERATIVE, &[]), Verdict::Allow),
    (statement(ACCOUNT, None, None), identity(COOPERATIVE, &[]), Verdict::Silent),
    (statement(ACCOUNT, None, None), s3(BUCKET, ACCOUNT), Verdict::Silent)
])]
#[case::role(&[
    (statement(COOPERATIVE, None, None), identity(COOPERATIVE, &[]), Verdict::Allow),
    (statement("arn:aws:iam::210987654321:role/auditor", None, None), identity(COOPERATIVE, &[]), Verdict::Silent),
    (statement("arn:aws:iam::210987654321:role/*", None, None), identity(COOPERATIVE, &[]), Verdict::Silent)
])]
#[case::anyone(&[
    (statement("*", None, None), s3(BUCKET, OTHER), Verdict::Allow),
    (statement("*", None, None), identity(COOPERATIVE, &[]), Verdict::Allow)
])]
#[case::source_arn(&[
    (statement("s3.amazonaws.com", Some("arn:aws:s3:::photos-*"), None), s3(BUCKET, ACCOUNT), Verdict::Allow),
    (statement("s3.amazonaws.com", Some("arn:aws:s3:::logs"), None), s3(BUCKET, ACCOUNT), Verdict::Silent),
    (statement("s3.amazonaws.com", Some("arn:aws:s3:*"), None), s3(BUCKET, ACCOUNT), Verdict::Silent)
])]
#[case::source_account(&[
    (statement("s3.amazonaws.com", Some(BUCKET), Some(ACCOUNT)), s3(BUCKET, ACCOUNT), Verdict::Allow),
    (statement("s3.amazonaws.com", Some(BUCKET), Some(ACCOUNT)), s3(BUCKET, OTHER), Verdict::Silent),
    (statement("s3.amazonaws.com", None, Some("1234567890*")), s3(BUCKET, ACCOUNT), Verdict::Silent)
])]
#[case::a_value_that_is_missing(&[
    (statement("s3.amazonaws.com", None, Some(ACCOUNT)), service("s3.amazonaws.com", Some(BUCKET), None), Verdict::Silent),
    (statement("sns.amazonaws.com", None, Some(ACCOUNT)), service("sns.amazonaws.com", Some(TOPIC), None), Verdict::Silent),
    (statement("s3.amazonaws.com", Some("arn:aws:s3:::*"), None), service("s3.amazonaws.com", None, Some(ACCOUNT)), Verdict::Silent),
    (statement("*", None, Some(OTHER)), identity(COOPERATIVE, &[]), Verdict::Silent),
    (statement("*", Some("arn:aws:iam::*:role/*"), None), identity(COOPERATIVE, &[]), Verdict::Silent)
])]
#[case::action(&[
    (Statement { action: "lambda:GetFunction".into(), ..statement("*", None, None) }, s3(BUCKET, ACCOUNT), Verdict::Silent),
    (Statement { action: "Lambda:invoke*".into(), ..statement("*", None, None) }, s3(BUCKET, ACCOUNT), Verdict::Allow)
])]
#[case::deny(&[
    (Statement { effect: Effect::Deny, ..statement("*", None, None) }, s3(BUCKET, ACCOUNT), Verdict::Deny),
    (Statement { effect: Effect::Deny, ..statement("*", None, Some(OTHER)) }, s3(BUCKET, ACCOUNT), Verdict::Silent)
])]
fn a_statement_reaches_whom_it_names(#[case] table: &[(Statement, Caller, Verdict)]) {
    for (statement, caller, expected) in table {
        let found = resource_verdict(std::slice::from_ref(statement), FUNCTION, caller);
        expect_same!(
            found,
            *expected,
            "o statement {} diz {expected:?} a {}; o seu `resource_verdict` deu {found:?}",
            statement.to_json(),
            tell(caller)
        );
    }
}

mod decision;

/// Um statement de serviço é seguro quando a conta do recurso está fixa, no ARN ou em `SourceAccount`.
#[rstest]
#[case::bucket("s3.amazonaws.com", &[
    (None, None, true),
    (Some(BUCKET), None, true),
    (Some(BUCKET), Some(ACCOUNT), false),
    (None, Some(ACCOUNT), false)
])]
#[case::topic("sns.amazonaws.com", &[
    (Some(TOPIC), None, false),
    (Some("arn:aws:sns:*:123456789012:*"), None, false),
    (Some("arn:aws:sns:sa-east-1:*:alerts"), None, true),
    (Some("arn:aws:sns:sa-east-1:12345678901?:alerts"), None, true)
])]
#[case::anyone("*", &[(None, None, true), (Some(BUCKET), None, true), (None, Some(ACCOUNT), false)])]
#[case::an_account_is_not_a_service(OTHER, &[(None, None, false)])]
fn an_open_statement_admits_strangers(#[case] principal: &str, #[case] table: &[(Option<&str>, Option<&str>, bool)]) {
    for &(source_arn, source_account, expected) in table {
        let statement = statement(principal, source_arn, source_account);
        let found = admits_strangers(&statement);
        expect_same!(
            found,
            expected,
            "{} {} um recurso de outra conta; o seu `admits_strangers` deu {found}",
            statement.to_json(),
            if expected { "deixa passar" } else { "não deixa passar" }
        );
        let denying = Statement { effect: Effect::Deny, ..statement };
        let found = admits_strangers(&denying);
        expect_same!(
            found,
            false,
            "um `Deny` não deixa ninguém passar: {}; o seu `admits_strangers` deu {found}",
            denying.to_json()
        );
    }
}

/// Quem empurra precisa da política da função; quem é puxado, da execution role.
#[rstest]
#[case::pushes(&[
    (Origin::ApiGateway, Some("apigateway.amazonaws.com")),
    (Origin::S3, Some("s3.amazonaws.com")),
    (Origin::Sns, Some("sns.amazonaws.com")),
    (Origin::EventBridge, Some("events.amazonaws.com")),
    (Origin::Cognito, Some("cognito-idp.amazonaws.com"))
])]
#[case::is_pulled(&[
    (Origin::Sqs, None),
    (Origin::Kinesis, None),
    (Origin::DynamoDbStreams, None),
    (Origin::Msk, None),
    (Origin::AmazonMq, None)
])]
fn who_pushes_is_in_the_function_policy(#[case] table: &[(Origin, Option<&'static str>)]) {
    let tell = |grant: Grant| match grant {
        Grant::FunctionPolicy { principal } => format!("na política da função, para {principal}"),
        Grant::ExecutionRole => "na execution role".to_owned(),
    };
    for &(origin, principal) in table {
        let expected = principal.map_or(Grant::ExecutionRole, |principal| Grant::FunctionPolicy { principal });
        let found = grant_for(origin);
        expect_same!(
            found,
            expected,
            "{origin:?}: a permissão vai {}; o seu `grant_for` a põe {}",
            tell(expected),
            tell(found)
        );
    }
}

/// O Lambda lê a fila com a execution role: falta o que ela não permite na fila.
#[rstest]
#[case::nothing(&[], &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])]
#[case::everything(&[allow("sqs:*", "*")], &[])]
#[case::read_only(&[allow("sqs:ReceiveMessage", QUEUE), allow("sqs:Get*", QUEUE)], &["sqs:DeleteMessage"])]
#[case::other_queue(&[allow("sqs:ReceiveMessage", QUEUE), allow("sqs:*", "arn:aws:sqs:sa-east-1:123456789012:outra")], &["sqs:DeleteMessage", "sqs:GetQueueAttributes"])]
#[case::denied(&[allow("sqs:*", QUEUE), deny("sqs:DeleteMessage", "*")], &["sqs:DeleteMessage"])]
fn a_pulled_source_needs_the_execution_role(#[case] role: &[IdentityStatement], #[case] expected: &[&str]) {
    let needed = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let found = missing_actions(role, &needed, QUEUE);
    expect_same!(
        found,
        expected,
        "com a execution role ({}), para ler {QUEUE} falta {}; o seu `missing_actions` deu {}",
        told_policy(role),
        list(expected),
        list(&found)
    );
}

const QUEUE: &str = "arn:aws:sqs:sa-east-1:123456789012:readings";
