//! Engano: o MSK provisionado precisa das duas ações que descrevem o cluster.

use crate::api_error::ApiError;

/// As seis ações de rede que o Lambda usa para alcançar um cluster ou broker em uma VPC.
pub const NETWORK: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
];

/// As três ações com que qualquer função escreve o seu log.
pub const LOGS: [&str; 3] = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

/// Um segredo do Secrets Manager com a senha de um cluster ou broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// O ARN dele.
    pub arn: String,
    /// Se é cifrado com uma chave KMS sua, e não com a da AWS.
    pub customer_key: bool,
}

/// Como o Lambda entra em um cluster do MSK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MskAuth {
    /// Sem autenticação.
    None,
    /// Com o próprio papel, pelo IAM.
    Iam,
    /// Com usuário e senha em um segredo (SASL/SCRAM); a chave do segredo não interessa aqui.
    Scram(Secret),
}

/// A origem de um mapeamento, no que muda as permissões.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Uma fila SQS.
    Sqs {
        /// Se as mensagens são cifradas com uma chave KMS sua.
        customer_key: bool,
    },
    /// Um fluxo do Kinesis, com o ARN.
    Kinesis(String),
    /// Um fluxo do DynamoDB, com o ARN.
    DynamoDb(String),
    /// Um cluster do MSK.
    Msk {
        /// Se é serverless; o outro tipo é provisionado.
        serverless: bool,
        /// Se é de outra conta.
        cross_account: bool,
        /// Como o Lambda entra.
        auth: MskAuth,
    },
    /// Um Kafka autogerenciado.
    SelfManagedKafka {
        /// Se só se chega a ele por uma VPC.
        vpc: bool,
        /// O segredo, se há senha.
        secret: Option<Secret>,
    },
    /// Um broker do Amazon MQ.
    AmazonMq(Secret),
}

/// O destino de falha de um mapeamento.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Uma fila SQS.
    Queue,
    /// Um tópico SNS.
    Topic,
    /// Um bucket S3.
    Bucket,
    /// Um tópico de Kafka.
    KafkaTopic,
}

/// Uma permissão de que o papel precisa: basta uma destas ações.
pub type Need = Vec<&'static str>;

/// Se uma ação concedida, com `*` e `?`, alcança `action`. Ações do IAM não diferenciam maiúsculas.
pub fn grants(granted: &str, action: &str) -> bool {
    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => matches(rest, text) || (!text.is_empty() && matches(pattern, &text[1..])),
            ([b'?', rest @ ..], [_, tail @ ..]) => matches(rest, tail),
            ([first, rest @ ..], [head, tail @ ..]) => first.eq_ignore_ascii_case(head) && matches(rest, tail),
            _ => false,
        }
    }
    matches(granted.as_bytes(), action.as_bytes())
}

/// Tudo o que a execution role precisa poder, em qualquer ordem e sem repetir.
pub fn required(source: &Source, on_failure: Option<Target>) -> Vec<Need> {
    let mut actions: Vec<&'static str> = LOGS.to_vec();
    let mut choices: Vec<Need> = Vec::new();
    match source {
        Source::Sqs { customer_key } => {
            actions.extend(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]);
            actions.extend(customer_key.then_some("kms:Decrypt"));
        }
        Source::Kinesis(_) => actions.extend([
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:ListStreams",
            "kinesis:SubscribeToShard",
        ]),
        Source::DynamoDb(_) => actions.extend([
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ]),
        Source::Msk { serverless, cross_account, auth } => {
            actions.push("kafka:GetBootstrapBrokers");
            actions.extend(NETWORK);
            actions.extend(cross_account.then_some("kafka:DescribeVpcConnection"));
            choices.push(if *serverless {
                vec!["kafka:DescribeClusterV2"]
            } else {
                {
                actions.push("kafka:DescribeCluster");
                vec!["kafka:DescribeClusterV2"]
            }
            });
            match auth {
                MskAuth::None => {}
                MskAuth::Iam => actions.extend([
                    "kafka-cluster:Connect",
                    "kafka-cluster:AlterGroup",
                    "kafka-cluster:DescribeGroup",
                    "kafka-cluster:DescribeTopic",
                    "kafka-cluster:ReadData",
                ]),
                MskAuth::Scram(_) => actions.extend(["kafka:ListScramSecrets", "secretsmanager:GetSecretValue"]),
            }
        }
        Source::SelfManagedKafka { vpc, secret } => {
            if *vpc {
                actions.extend(NETWORK);
            }
            if let Some(secret) = secret {
                actions.push("secretsmanager:GetSecretValue");
                actions.extend(secret.customer_key.then_some("kms:Decrypt"));
            }
        }
        Source::AmazonMq(secret) => {
            actions.extend(["mq:DescribeBroker", "secretsmanager:GetSecretValue"]);
            actions.extend(NETWORK);
            actions.extend(secret.customer_key.then_some("kms:Decrypt"));
        }
    }
    match on_failure {
        None => {}
        Some(Target::Queue) => actions.push("sqs:SendMessage"),
        Some(Target::Topic) => actions.push("sns:Publish"),
        Some(Target::Bucket) => actions.extend(["s3:PutObject", "s3:ListBucket"]),
        Some(Target::KafkaTopic) => actions.push("kafka-cluster:WriteData"),
    }
    choices.extend(actions.into_iter().map(|action| vec![action]));
    choices
}

/// As permissões de `needs` que o papel, com estas ações concedidas, não tem.
pub fn missing(needs: &[Need], role: &[&str]) -> Vec<Need> {
    let has = |need: &Need| need.iter().any(|action| role.iter().any(|granted| grants(granted, action)));
    needs.iter().filter(|need| !has(need)).cloned().collect()
}

/// O que acontece ao criar o mapeamento.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// 202: o mapeamento é criado.
    Accepted,
    /// 400, com uma mensagem que se conhece.
    Refused(ApiError),
    /// Falta uma permissão, e a mensagem não é pública.
    Unpublished,
}

/// Cria o mapeamento com um papel que tem estas ações concedidas.
pub fn create(source: &Source, on_failure: Option<Target>, role: &[&str]) -> Creation {
    let lacks = |action: &str| !role.iter().any(|granted| grants(granted, action));
    let refused = |message: String| Creation::Refused(ApiError::invalid_parameter(message));
    let call = |action: &str, service: &str| {
        refused(format!("The provided execution role does not have permissions to call {action} on {service}"))
    };
    let stream = |arn: &str, actions: &str| {
        refused(format!(
            "Cannot access stream {arn}. Please ensure the role can perform the {actions} Actions on your stream in IAM."
        ))
    };
    match source {
        Source::Sqs { .. } => {
            let actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
            if let Some(action) = actions.into_iter().find(|action| lacks(&format!("sqs:{action}"))) {
                return call(action, "SQS");
            }
        }
        Source::Kinesis(arn) => {
            let actions = ["GetRecords", "GetShardIterator", "DescribeStream", "ListShards", "ListStreams"];
            if actions.into_iter().any(|action| lacks(&format!("kinesis:{action}"))) {
                return stream(arn, "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams");
            }
        }
        Source::DynamoDb(arn) => {
            let actions = ["GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"];
            if actions.into_iter().any(|action| lacks(&format!("dynamodb:{action}"))) {
                return stream(arn, "GetRecords, GetShardIterator, DescribeStream, and ListStreams");
            }
        }
        Source::Msk { auth: MskAuth::Scram(secret), .. }
        | Source::SelfManagedKafka { secret: Some(secret), .. }
        | Source::AmazonMq(secret) => {
            if lacks("secretsmanager:GetSecretValue") {
                let arn = &secret.arn;
                return refused(format!(
                    "Cannot access secret manager value {arn}. Please ensure the role can perform the \
                     'secretsmanager:GetSecretValue' action on your broker in IAM."
                ));
            }
        }
        Source::Msk { .. } | Source::SelfManagedKafka { .. } => {}
    }
    if on_failure == Some(Target::Queue) && lacks("sqs:SendMessage") {
        return call("SendMessage", "SQS");
    }
    let blocking = missing(&required(source, on_failure), role);
    if blocking.iter().all(|need| need.iter().all(|action| LOGS.contains(action))) {
        Creation::Accepted
    } else {
        Creation::Unpublished
    }
}
