//! Os testes do passo `permissions`: o que cada origem pede, o que falta em um papel e o erro que a AWS dá.

use polling_invocation::permissions::{
    Creation, LOGS, MskAuth, NETWORK, Need, Secret, Source, Target, create, missing, required,
};
use rstest::rstest;

use crate::support::expect_same;

const STREAM: &str = "arn:aws:kinesis:sa-east-1:123456789012:stream/readings";
const TABLE: &str = "arn:aws:dynamodb:sa-east-1:123456789012:table/stations/stream/2026-11-22T14:00:00.000";
const SECRET: &str = "arn:aws:secretsmanager:sa-east-1:123456789012:secret:state-broker-Ab12Cd";

fn kinesis() -> Source {
    Source::Kinesis(STREAM.to_owned())
}

fn dynamodb() -> Source {
    Source::DynamoDb(TABLE.to_owned())
}

fn secret(customer_key: bool) -> Secret {
    Secret { arn: SECRET.to_owned(), customer_key }
}

fn msk(serverless: bool, cross_account: bool, auth: MskAuth) -> Source {
    Source::Msk { serverless, cross_account, auth }
}

fn kafka(vpc: bool, secret: Option<Secret>) -> Source {
    Source::SelfManagedKafka { vpc, secret }
}

fn sorted(needs: Vec<Need>) -> Vec<String> {
    let mut texts: Vec<String> = needs
        .into_iter()
        .map(|mut need| {
            need.sort_unstable();
            need.join(" ou ")
        })
        .collect();
    texts.sort();
    texts
}

/// Compara as permissões, que vêm em qualquer ordem; as do log entram sempre.
#[track_caller]
fn expect_needs(source: &Source, on_failure: Option<Target>, groups: &[&[&str]]) {
    let mut expected: Vec<String> =
        groups.iter().flat_map(|group| group.iter()).map(|each| (*each).to_owned()).collect();
    expected.extend(LOGS.map(str::to_owned));
    expected.sort();
    let got = sorted(required(source, on_failure));
    let absent: Vec<&str> = expected.iter().filter(|each| !got.contains(each)).map(String::as_str).collect();
    let extra: Vec<&str> = got.iter().filter(|each| !expected.contains(each)).map(String::as_str).collect();
    expect_same!(
        got,
        expected,
        "{source:?} com destino {on_failure:?} pede {} permissões, e a sua função listou {}; faltou [{}] e sobrou \
         [{}]",
        expected.len(),
        got.len(),
        absent.join(", "),
        extra.join(", ")
    );
}

const DESCRIBE: &str = "kafka:DescribeCluster ou kafka:DescribeClusterV2";
const BROKERS: &str = "kafka:GetBootstrapBrokers";

/// O SQS pede três ações, e a da chave se a fila é cifrada com uma chave sua.
#[rstest]
#[case::plain(false, &[])]
#[case::customer_key(true, &["kms:Decrypt"])]
fn a_queue_needs_three_actions(#[case] customer_key: bool, #[case] more: &[&str]) {
    let queue = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    expect_needs(&Source::Sqs { customer_key }, None, &[&queue, more]);
}

const KINESIS: [&str; 7] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "kinesis:ListStreams",
    "kinesis:SubscribeToShard",
];

const DYNAMODB: [&str; 4] =
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];

/// Um fluxo pede as suas, e mais as do destino de falha.
#[rstest]
#[case::kinesis(kinesis(), None, &KINESIS, &[])]
#[case::kinesis_to_a_queue(kinesis(), Some(Target::Queue), &KINESIS, &["sqs:SendMessage"])]
#[case::kinesis_to_a_bucket(kinesis(), Some(Target::Bucket), &KINESIS, &["s3:PutObject", "s3:ListBucket"])]
#[case::dynamodb(dynamodb(), None, &DYNAMODB, &[])]
#[case::dynamodb_to_a_topic(dynamodb(), Some(Target::Topic), &DYNAMODB, &["sns:Publish"])]
fn a_stream_needs_its_own_and_those_of_the_destination(
    #[case] source: Source,
    #[case] on_failure: Option<Target>,
    #[case] own: &[&str],
    #[case] more: &[&str],
) {
    expect_needs(&source, on_failure, &[own, more]);
}

/// O MSK pede descrever o cluster (por uma de duas ações), a rede e o que a autenticação usa.
#[rstest]
#[case::no_auth(msk(false, false, MskAuth::None), None, &[DESCRIBE])]
#[case::serverless(msk(true, false, MskAuth::None), None, &["kafka:DescribeClusterV2"])]
#[case::other_account(msk(false, true, MskAuth::None), None, &[DESCRIBE, "kafka:DescribeVpcConnection"])]
#[case::iam(msk(false, false, MskAuth::Iam), None, &[
    DESCRIBE, "kafka-cluster:Connect", "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup",
    "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData",
])]
#[case::scram(msk(false, false, MskAuth::Scram(secret(false))), None, &[
    DESCRIBE, "kafka:ListScramSecrets", "secretsmanager:GetSecretValue",
])]
#[case::scram_with_key(msk(false, false, MskAuth::Scram(secret(true))), None, &[
    DESCRIBE, "kafka:ListScramSecrets", "secretsmanager:GetSecretValue",
])]
#[case::topic_of_kafka(msk(false, false, MskAuth::None), Some(Target::KafkaTopic), &[DESCRIBE, "kafka-cluster:WriteData"])]
fn msk_needs_the_cluster_the_network_and_the_credentials(
    #[case] source: Source,
    #[case] on_failure: Option<Target>,
    #[case] more: &[&str],
) {
    expect_needs(&source, on_failure, &[&[BROKERS], &NETWORK, more]);
}

/// Um Kafka autogerenciado só pede o que a configuração usa: rede, segredo, chave.
#[rstest]
#[case::open(kafka(false, None), &[])]
#[case::secret(kafka(false, Some(secret(false))), &["secretsmanager:GetSecretValue"])]
#[case::secret_with_key(kafka(false, Some(secret(true))), &["secretsmanager:GetSecretValue", "kms:Decrypt"])]
#[case::vpc(kafka(true, None), &NETWORK)]
fn self_managed_kafka_needs_only_what_it_uses(#[case] source: Source, #[case] expected: &[&str]) {
    expect_needs(&source, None, &[expected]);
}

/// O Amazon MQ pede o broker, o segredo e a rede; a chave, se é sua.
#[rstest]
#[case::plain(false, &[])]
#[case::customer_key(true, &["kms:Decrypt"])]
fn a_broker_needs_the_secret_and_the_network(#[case] customer_key: bool, #[case] more: &[&str]) {
    let own = ["mq:DescribeBroker", "secretsmanager:GetSecretValue"];
    expect_needs(&Source::AmazonMq(secret(customer_key)), None, &[&own, &NETWORK, more]);
}

/// O que falta em um papel; um `*` alcança, e de uma escolha basta uma.
#[rstest]
#[case::all(&["sqs:ReceiveMessage", "sqs:DeleteMessage"], &[])]
#[case::star(&["sqs:*"], &[])]
#[case::everything(&["*"], &[])]
#[case::prefix(&["sqs:Receive*"], &["sqs:DeleteMessage"])]
#[case::case_does_not_matter(&["SQS:receivemessage", "sqs:DELETEMESSAGE"], &[])]
#[case::other_service(&["sns:*"], &["sqs:DeleteMessage", "sqs:ReceiveMessage"])]
#[case::nothing(&[], &["sqs:DeleteMessage", "sqs:ReceiveMessage"])]
fn what_a_role_lacks(#[case] role: &[&str], #[case] expected: &[&str]) {
    let needs = vec![vec!["sqs:ReceiveMessage"], vec!["sqs:DeleteMessage"]];
    let got = sorted(missing(&needs, role));
    expect_same!(got, expected, "com o papel {role:?}, de {needs:?} falta {expected:?}; a sua função diz {got:?}");
}

/// De uma escolha, qualquer das duas serve.
#[rstest]
#[case::old(&["kafka:DescribeCluster"], 0)]
#[case::new(&["kafka:DescribeClusterV2"], 0)]
#[case::none(&["kafka:GetBootstrapBrokers"], 1)]
fn one_of_a_choice_is_enough(#[case] role: &[&str], #[case] expected: usize) {
    let needs = vec![vec!["kafka:DescribeCluster", "kafka:DescribeClusterV2"]];
    let got = missing(&needs, role).len();
    expect_same!(
        got,
        expected,
        "DescribeCluster ou DescribeClusterV2: com {role:?} faltam {expected}; a sua função diz {got}"
    );
}

fn message(creation: &Creation) -> String {
    match creation {
        Creation::Accepted => "202".to_owned(),
        Creation::Refused(error) => error.to_string(),
        Creation::Unpublished => "não publicado".to_owned(),
    }
}

const SQS_START: &str =
    "InvalidParameterValueException: The provided execution role does not have permissions to call ";
const KINESIS_ERROR: &str = "InvalidParameterValueException: Cannot access stream \
    arn:aws:kinesis:sa-east-1:123456789012:stream/readings. Please ensure the role can perform the GetRecords, \
    GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in IAM.";
const DYNAMODB_ERROR: &str = "InvalidParameterValueException: Cannot access stream \
    arn:aws:dynamodb:sa-east-1:123456789012:table/stations/stream/2026-11-22T14:00:00.000. Please ensure the role can \
    perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.";
const SECRET_ERROR: &str = "InvalidParameterValueException: Cannot access secret manager value \
    arn:aws:secretsmanager:sa-east-1:123456789012:secret:state-broker-Ab12Cd. Please ensure the role can perform the \
    'secretsmanager:GetSecretValue' action on your broker in IAM.";

/// A fila diz qual ação falta, uma de cada vez: receber antes de apagar.
#[rstest]
#[case::nothing(&[], "ReceiveMessage on SQS")]
#[case::only_receive(&["sqs:ReceiveMessage"], "DeleteMessage on SQS")]
#[case::only_the_attributes(&["sqs:GetQueueAttributes"], "ReceiveMessage on SQS")]
fn a_queue_tells_the_missing_action(#[case] role: &[&str], #[case] action: &str) {
    let got = message(&create(&Source::Sqs { customer_key: false }, None, role));
    let expected = format!("{SQS_START}{action}");
    expect_same!(got, expected, "com o papel {role:?} a resposta é `{expected}`; a sua foi `{got}`");
}

/// O fluxo lista as ações, falte qual faltar.
#[rstest]
#[case::kinesis_nothing(kinesis(), &["logs:*"], KINESIS_ERROR)]
#[case::kinesis_without_list_shards(
    kinesis(),
    &["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream*", "kinesis:ListStreams"],
    KINESIS_ERROR
)]
#[case::dynamodb_without_get_records(dynamodb(), &["dynamodb:D*", "dynamodb:L*", "dynamodb:GetS*"], DYNAMODB_ERROR)]
#[case::actions_of_the_other_stream(dynamodb(), &["kinesis:*"], DYNAMODB_ERROR)]
#[case::secret_of_a_broker(Source::AmazonMq(secret(false)), &["mq:*", "ec2:*", "logs:*"], SECRET_ERROR)]
#[case::secret_of_a_cluster(msk(false, false, MskAuth::Scram(secret(false))), &["kafka:*", "ec2:*"], SECRET_ERROR)]
#[case::secret_outside_of_a_vpc(kafka(false, Some(secret(false))), &["ec2:*"], SECRET_ERROR)]
#[case::secret_of_self_managed(kafka(true, Some(secret(true))), &["ec2:*", "kms:*"], SECRET_ERROR)]
fn the_message_of_each_source(#[case] source: Source, #[case] role: &[&str], #[case] expected: &str) {
    let got = message(&create(&source, None, role));
    expect_same!(got, expected, "com o papel {role:?} a resposta é `{expected}`; a sua foi `{got}`");
}

/// O destino também é conferido, depois da origem.
#[rstest]
#[case::queue(&["kinesis:*", "logs:*"], "SendMessage on SQS")]
#[case::receiving_is_not_sending(&["kinesis:*", "sqs:ReceiveMessage"], "SendMessage on SQS")]
fn the_destination_is_checked_too(#[case] role: &[&str], #[case] action: &str) {
    let got = message(&create(&kinesis(), Some(Target::Queue), role));
    let expected = format!("{SQS_START}{action}");
    expect_same!(got, expected, "com o papel {role:?} a resposta é `{expected}`; a sua foi `{got}`");
}

/// Falta a origem e falta o destino: a frase é a da origem.
#[test]
fn the_source_comes_before_the_destination() {
    let got = message(&create(&kinesis(), Some(Target::Queue), &["kinesis:GetRecords", "logs:*"]));
    expect_same!(
        got,
        KINESIS_ERROR,
        "com o papel só em kinesis:GetRecords faltam a leitura do stream e o envio à fila, e a origem se confere antes: a \
         resposta é `{KINESIS_ERROR}`; a sua foi `{got}`"
    );
}

/// Com tudo o que precisa, o mapeamento é criado; a falta do log não o impede.
#[rstest]
#[case::queue(Source::Sqs { customer_key: false }, None, &["sqs:*", "logs:*"])]
#[case::without_logs(Source::Sqs { customer_key: false }, None, &["sqs:*"])]
#[case::kinesis(kinesis(), Some(Target::Queue), &["kinesis:*", "sqs:SendMessage"])]
#[case::self_managed_open(kafka(false, None), None, &[])]
#[case::msk(msk(false, false, MskAuth::Iam), None, &["kafka:DescribeClusterV2", "kafka:Get*", "kafka-cluster:*", "ec2:*"])]
fn a_complete_role_creates_the_mapping(
    #[case] source: Source,
    #[case] on_failure: Option<Target>,
    #[case] role: &[&str],
) {
    let got = message(&create(&source, on_failure, role));
    expect_same!(
        got,
        "202",
        "{source:?}, destino {on_failure:?}, papel {role:?}: não falta nada que impeça a criação; veio `{got}`"
    );
}

/// Do que não tem mensagem pública, o modelo só diz que falta.
#[rstest]
#[case::key(Source::Sqs { customer_key: true }, None, &["sqs:*", "logs:*"])]
#[case::serverless_with_the_old_action(msk(true, false, MskAuth::None), None, &["kafka:DescribeCluster", "kafka:Get*", "ec2:*"])]
#[case::network(Source::AmazonMq(secret(false)), None, &["mq:*", "secretsmanager:*", "ec2:Describe*"])]
#[case::topic(kinesis(), Some(Target::Topic), &["kinesis:*", "logs:*"])]
#[case::bucket_without_list(kinesis(), Some(Target::Bucket), &["kinesis:*", "s3:PutObject"])]
#[case::kinesis_outside_of_the_message(kinesis(), None, &["kinesis:Get*", "kinesis:Describe*", "kinesis:List*"])]
#[case::read_data(msk(false, false, MskAuth::Iam), None, &["kafka:*", "ec2:*", "kafka-cluster:Connect"])]
fn the_rest_is_not_published(#[case] source: Source, #[case] on_failure: Option<Target>, #[case] role: &[&str]) {
    let got = message(&create(&source, on_failure, role));
    expect_same!(
        got,
        "não publicado",
        "{source:?}, destino {on_failure:?}, papel {role:?}: falta uma ação sem mensagem pública; veio `{got}`"
    );
}
