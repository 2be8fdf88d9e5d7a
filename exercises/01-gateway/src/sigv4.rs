//! As peças da assinatura SigV4: ler o cabeçalho `Authorization`, codificar e resumir. Vem pronto; quem monta a assinatura com
//! elas é o passo `authorizers`.
//!
//! ```text
//! Authorization: AWS4-HMAC-SHA256 Credential=AKIA…/20261122/sa-east-1/execute-api/aws4_request,
//!                SignedHeaders=host;x-amz-date, Signature=5d672d79…
//! ```
//!
//! Segue `reference_sigv-create-signed-request`, do guia do IAM.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, PrimitiveDateTime, UtcDateTime};

use crate::model::{Headers, Query};

/// O nome do algoritmo, que abre o cabeçalho e o texto a assinar.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// O que o cabeçalho `Authorization` de uma requisição assinada diz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// De quem é a assinatura.
    pub access_key_id: String,
    /// Para quando e onde ela vale.
    pub scope: Scope,
    /// Os cabeçalhos assinados, em minúsculas, na ordem do cabeçalho.
    pub signed_headers: Vec<String>,
    /// A assinatura, em hexadecimal.
    pub signature: String,
}

/// O escopo da credencial. Escrito, é `20261122/sa-east-1/execute-api/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// O dia: `20261122`.
    pub date: String,
    /// A região: `sa-east-1`.
    pub region: String,
    /// O serviço: `execute-api`.
    pub service: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

impl Authorization {
    /// Lê o cabeçalho `Authorization`; `None` quando ele falta ou não traz uma assinatura SigV4 inteira.
    pub fn from_headers(headers: &Headers) -> Option<Self> {
        let rest = headers.get("Authorization")?.strip_prefix(ALGORITHM)?;
        let field = |name: &str| {
            rest.split(',').find_map(|each| each.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let credential = field("Credential")?;
        let mut parts = credential.split('/').map(str::to_owned);
        let (access_key_id, date, region, service) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let ending = (parts.next()?, parts.next());
        (ending == ("aws4_request".to_owned(), None)).then_some(())?;
        Some(Self {
            access_key_id,
            scope: Scope { date, region, service },
            signed_headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature")?,
        })
    }
}

/// A forma de `x-amz-date`.
const AMZ_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// Lê o valor de `x-amz-date`: `20261122T170200Z`.
pub fn parse_amz_date(text: &str) -> Option<UtcDateTime> {
    PrimitiveDateTime::parse(text, AMZ_DATE).ok().map(PrimitiveDateTime::as_utc)
}

/// A mensagem da AWS para uma assinatura fora da janela de cinco minutos.
pub fn clock_message(signed_at: UtcDateTime, now: UtcDateTime) -> String {
    const WINDOW: Duration = Duration::minutes(5);
    let text = |instant: UtcDateTime| instant.format(AMZ_DATE).unwrap_or_default();
    let (signed, here) = (text(signed_at), text(now));
    if signed_at < now {
        format!("Signature expired: {signed} is now earlier than {} ({here} - 5 min.)", text(now - WINDOW))
    } else {
        format!("Signature not yet current: {signed} is still later than {} ({here} + 5 min.)", text(now + WINDOW))
    }
}

/// Tudo menos letras, dígitos e `-._~`, que a SigV4 nunca codifica.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// O caminho como entra na assinatura: codificado mais uma vez, menos as barras. `path` é o da requisição, que já vem
/// codificado: `%20` vira `%2520`.
pub fn canonical_path(path: &str) -> String {
    const SEGMENTS: &AsciiSet = &ENCODED.remove(b'/');
    utf8_percent_encode(path, SEGMENTS).to_string()
}

/// A query como entra na assinatura: cada nome e valor codificado, `nome=valor` em ordem, unidos por `&`; vazia se não há query.
pub fn canonical_query(query: &Query) -> String {
    let encode = |text| utf8_percent_encode(text, ENCODED).to_string();
    let mut pairs: Vec<_> = query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// O SHA-256 de `data`, em hexadecimal com letras minúsculas.
pub fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

/// O HMAC-SHA256 de `data` com a chave `key`.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("o HMAC aceita chaves de qualquer tamanho");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// Os bytes em hexadecimal, com letras minúsculas.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compara duas assinaturas sem parar na primeira diferença: o tempo gasto não conta a ninguém quantos dígitos acertou.
pub fn same_signature(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/sa-east-1/execute-api/aws4_request, \
                          SignedHeaders=host;x-amz-date,Signature=5d67";

    #[test]
    fn the_header_is_read_with_or_without_spaces() {
        let headers = Headers::from_iter([("authorization", HEADER)]);
        let authorization = Authorization::from_headers(&headers).expect("assinada");
        assert_eq!(authorization.access_key_id, "AKIDEXAMPLE");
        assert_eq!(authorization.scope.to_string(), "20261122/sa-east-1/execute-api/aws4_request");
        assert_eq!(authorization.signed_headers, ["host", "x-amz-date"]);
        assert_eq!(authorization.signature, "5d67");
    }

    #[test]
    fn anything_else_is_not_a_signature() {
        let without_signature = HEADER.replace(",Signature=5d67", "");
        let short_scope = HEADER.replace("/aws4_request", "");
        let long_scope = HEADER.replace("/aws4_request", "/aws4_request/mais");
        for header in ["Bearer abc", "", &without_signature, &short_scope, &long_scope] {
            let headers = Headers::from_iter([("Authorization", header)]);
            assert_eq!(Authorization::from_headers(&headers), None, "{header}");
        }
    }

    #[test]
    fn paths_and_queries_are_encoded() {
        assert_eq!(canonical_path("/prod/cities/vale%20verde"), "/prod/cities/vale%2520verde");
        assert_eq!(
            canonical_query(&Query::parse("b=2&a=Serra+Clara&a=%C3%A7&flag")),
            "a=%C3%A7&a=Serra%20Clara&b=2&flag="
        );
    }

    #[test]
    fn digests_are_the_published_ones() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(b""), empty);
        // O segundo caso de teste da RFC 4231.
        let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")), mac);
        assert!(same_signature(mac, mac) && !same_signature(mac, empty) && !same_signature(mac, &mac[1..]));
    }

    #[test]
    fn dates_are_in_utc() {
        assert_eq!(parse_amz_date("20261122T170200Z"), Some(time::macros::utc_datetime!(2026-11-22 17:02)));
        assert_eq!(parse_amz_date("2026-11-22T17:02:00Z"), None);
        let (before, after) =
            (time::macros::utc_datetime!(2026-11-22 17:02), time::macros::utc_datetime!(2026-11-22 17:10));
        insta::assert_snapshot!(format!("{}\n{}", clock_message(before, after), clock_message(after, before)), @"
        Signature expired: 20261122T170200Z is now earlier than 20261122T170500Z (20261122T171000Z - 5 min.)
        Signature not yet current: 20261122T171000Z is still later than 20261122T170700Z (20261122T170200Z + 5 min.)
        ");
    }
}
