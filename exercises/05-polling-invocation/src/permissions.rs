//! O que a execution role precisa poder, por origem puxada, e o erro que a AWS dá quando falta.
//!
//! ```text
//!   quem empurra (S3, SNS, API Gateway) ──▶ política da função
//!   quem é puxado (SQS, fluxos, Kafka, MQ) ◀── execution role  (este módulo)
//! ```
//!
//! Segue `services-sqs-configure`, `with-kinesis`, `with-ddb`, `with-msk-permissions`, `with-kafka` e `with-mq`, do guia do Lambda.

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
    let _ = source;
    todo!("junta as permissões da origem e do destino {on_failure:?}")
}

/// As permissões de `needs` que o papel, com estas ações concedidas, não tem.
pub fn missing(needs: &[Need], role: &[&str]) -> Vec<Need> {
    todo!("diz o que falta em {needs:?} com {role:?}")
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
    let _ = (source, on_failure, role);
    todo!("cria o mapeamento, ou diz com que mensagem a AWS recusa")
}
