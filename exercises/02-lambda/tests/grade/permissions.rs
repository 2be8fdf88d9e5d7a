//! Os testes do passo `permissions`: o ARN, o statement, cada política sozinha, a decisão e quem é puxado.

use kit::text::count;
use lambda::permissions::{
    AddPermission, ApiError, Caller, Decision, Effect, Grant, IdentityStatement, Origin, Principal, Statement, Verdict,
    add_permission, admits_strangers, arn_like, decide, grant_for, identity_verdict, missing_actions, resource_verdict,
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

/// A permissão vale para o ARN em que foi dada: o da função não serve ao alias, nem o do alias à versão.
#[rstest]
#[case::function(None, "")]
#[case::alias(Some("live"), ":live")]
#[case::version(Some("7"), ":7")]
fn a_permission_is_of_one_arn(#[case] qualifier: Option<&str>, #[case] granted: &str) {
    let policy = permissions(&[permission("s3", "s3.amazonaws.com", Some(BUCKET), Some(ACCOUNT), qualifier)]);
    for suffix in ["", ":live", ":live2", ":7", ":77"] {
        let arn = format!("{FUNCTION}{suffix}");
        let expected = if suffix == granted { Decision::Allow } else { Decision::ImplicitDeny };
        let found = decide(&policy, &arn, &s3(BUCKET, ACCOUNT));
        expect_same!(
            found,
            expected,
            "a permissão foi dada com o qualificador {} e o S3 chama {arn}: {expected:?}; o seu `decide` deu {found:?}",
            told(qualifier)
        );
    }
}

/// Na mesma conta basta uma das duas políticas; em outra conta, as duas; um `Deny` em qualquer uma encerra.
#[rstest]
#[case::both(Some(Effect::Allow), Some(Effect::Allow), Decision::Allow, Decision::Allow)]
#[case::only_the_identity(None, Some(Effect::Allow), Decision::Allow, Decision::ImplicitDeny)]
#[case::only_the_function(Some(Effect::Allow), None, Decision::Allow, Decision::ImplicitDeny)]
#[case::neither(None, None, Decision::ImplicitDeny, Decision::ImplicitDeny)]
#[case::denied_by_the_function(Some(Effect::Deny), Some(Effect::Allow), Decision::ExplicitDeny, Decision::ExplicitDeny)]
#[case::denied_by_the_identity(Some(Effect::Allow), Some(Effect::Deny), Decision::ExplicitDeny, Decision::ExplicitDeny)]
#[case::denied_and_nothing_else(None, Some(Effect::Deny), Decision::ExplicitDeny, Decision::ExplicitDeny)]
fn another_account_needs_both(
    #[case] function: Option<Effect>,
    #[case] caller: Option<Effect>,
    #[case] same: Decision,
    #[case] other: Decision,
) {
    for (account, expected) in [(ACCOUNT, same), (OTHER, other)] {
        let arn = format!("arn:aws:iam::{account}:role/painel");
        let policy: Vec<Statement> = function
            .map(|effect| Statement { effect, principal: Principal::Aws(arn.clone()), ..statement("*", None, None) })
            .into_iter()
            .collect();
        let own: Vec<IdentityStatement> =
            caller.map(|effect| IdentityStatement { effect, ..allow("lambda:*", "*") }).into_iter().collect();
        let found = decide(&policy, FUNCTION, &identity(&arn, &own));
        let say = |effect: Option<Effect>| match effect {
            Some(Effect::Allow) => "permite",
            Some(Effect::Deny) => "nega",
            None => "se cala",
        };
        expect_same!(
            found,
            expected,
            "a função é da conta {ACCOUNT} e quem chama é {arn}; a política da função {} e a de quem chama {}: {expected:?}; o seu \
             `decide` deu {found:?}",
            say(function),
            say(caller)
        );
    }
}

/// Um `Deny` na política da função ganha de um `Allow` dela, antes ou depois.
#[test]
fn a_deny_of_the_function_policy_wins() {
    let allowing = statement("s3.amazonaws.com", Some(BUCKET), Some(ACCOUNT));
    let denying = Statement { sid: "b".into(), effect: Effect::Deny, ..statement("*", None, None) };
    for (policy, place) in [([denying.clone(), allowing.clone()], "antes"), ([allowing, denying], "depois")] {
        let found = decide(&policy, FUNCTION, &s3(BUCKET, ACCOUNT));
        expect_same!(
            found,
            Decision::ExplicitDeny,
            "a política tem um `Allow` e um `Deny` que alcançam o S3, com o `Deny` {place}: ExplicitDeny; o seu `decide` deu \
             {found:?}"
        );
    }
}

/// A política da identidade também vale para o ARN da chamada, com o qualificador.
#[rstest]
#[case::function("", &[("", Decision::Allow), (":live", Decision::ImplicitDeny)])]
#[case::any_qualifier(":*", &[(":live", Decision::Allow), ("", Decision::ImplicitDeny)])]
#[case::one_alias(":live", &[(":live", Decision::Allow), (":dev", Decision::ImplicitDeny), ("", Decision::ImplicitDeny)])]
fn an_identity_is_held_to_its_resources(#[case] granted: &str, #[case] table: &[(&str, Decision)]) {
    let resource = format!("{FUNCTION}{granted}");
    for (called, expected) in table {
        let arn = format!("{FUNCTION}{called}");
        let found = decide(&[], &arn, &ana(&[allow("lambda:InvokeFunction", &resource)]));
        expect_same!(
            found,
            *expected,
            "a Ana pode chamar {resource} e chama {arn}, na mesma conta: {expected:?}; o seu `decide` deu {found:?}"
        );
    }
}

/// Um serviço não tem política de identidade: a da função decide sozinha, mesmo que o recurso seja de outra conta.
#[test]
fn a_service_needs_only_the_function_policy() {
    for account in [ACCOUNT, OTHER] {
        let policy = permissions(&[permission("s3", "s3.amazonaws.com", Some(BUCKET), Some(account), None)]);
        let found = decide(&policy, FUNCTION, &s3(BUCKET, account));
        expect_same!(
            found,
            Decision::Allow,
            "a política da função permite o S3 em nome do bucket da conta {account}, e basta; o seu `decide` deu {found:?}"
        );
        let found = decide(&[], FUNCTION, &s3(BUCKET, account));
        expect_same!(
            found,
            Decision::ImplicitDeny,
            "sem statement, o S3 não chama a função; o seu `decide` deu {found:?}"
        );
    }
}

/// O bucket apagado e recriado por um estranho tem o mesmo ARN: só `SourceAccount` o barra.
#[rstest]
#[case::with_the_account(Some(ACCOUNT), Decision::ImplicitDeny)]
#[case::without_the_account(None, Decision::Allow)]
fn a_bucket_recreated_by_a_stranger(#[case] source_account: Option<&str>, #[case] expected: Decision) {
    let policy = permissions(&[permission("photos", "s3.amazonaws.com", Some(BUCKET), source_account, None)]);
    let before = decide(&policy, FUNCTION, &s3(BUCKET, ACCOUNT));
    expect_same!(before, Decision::Allow, "o bucket da própria conta pode chamar; o seu `decide` deu {before:?}");
    let after = decide(&policy, FUNCTION, &s3(BUCKET, OTHER));
    expect_same!(
        after,
        expected,
        "SourceArn {BUCKET} e SourceAccount {}; o bucket foi recriado pela conta {OTHER}: {expected:?}; o seu `decide` deu \
         {after:?}",
        told(source_account)
    );
}

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
