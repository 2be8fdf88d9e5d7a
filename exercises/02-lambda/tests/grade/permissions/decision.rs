//! A decisão: as políticas da função e de quem chama, juntas, em uma conta e entre duas.

use lambda::permissions::{Decision, Effect, IdentityStatement, Principal, Statement, decide};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::grants::{
    ACCOUNT, BUCKET, FUNCTION, OTHER, allow, ana, identity, permission, permissions, s3, statement, told,
};

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
