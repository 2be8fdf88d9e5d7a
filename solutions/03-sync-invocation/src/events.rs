//! O que cada serviço manda à função e o que espera de volta, na forma em que a AWS os publica.
//!
//! Cada evento traz os campos todos de um caso de verdade, com dados de Serra Clara. As fontes estão em cada função; onde o crate
//! `aws_lambda_events` tem o tipo, os testes deste módulo o leem com ele.

use serde_json::{Value, json};

/// API Gateway, integração Lambda proxy, formato 1.0.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
pub fn api_gateway() -> Value {
    json!({
        "resource": "/cities/{city}/forecast",
        "path": "/cities/serra-clara/forecast",
        "httpMethod": "GET",
        "headers": { "Host": "a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com", "User-Agent": "defesa-civil/2.1" },
        "multiValueHeaders": {
            "Host": ["a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com"], "User-Agent": ["defesa-civil/2.1"]
        },
        "queryStringParameters": { "days": "2" },
        "multiValueQueryStringParameters": { "days": ["2"] },
        "pathParameters": { "city": "serra-clara" },
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "stage": "prod", "resourceId": "2gxmpl",
            "domainName": "a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com", "domainPrefix": "a1b2c3d4e5",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "resourcePath": "/cities/{city}/forecast", "path": "/prod/cities/serra-clara/forecast",
            "httpMethod": "GET", "protocol": "HTTP/1.1", "requestId": "7c1f0e55-2b0e-4d3a-9a53-1f0c1c9b2d11",
            "requestTime": "22/Nov/2026:17:02:00 +0000", "requestTimeEpoch": 1_795_366_920_000_i64,
            "identity": {
                "accountId": null, "accessKey": null, "caller": null, "user": null, "userArn": null,
                "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null, "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null, "sourceIp": "203.0.113.7", "userAgent": "defesa-civil/2.1"
            }
        },
        "body": null,
        "isBase64Encoded": false
    })
}

/// API Gateway, API HTTP, formato 2.0.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub fn api_gateway_v2() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "GET /users/{user}",
        "rawPath": "/users/beto",
        "rawQueryString": "",
        "headers": { "host": "api.cracha.example", "user-agent": "cracha-web/5.0" },
        "pathParameters": { "user": "beto" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "c9d8e7f6g5", "domainName": "api.cracha.example",
            "domainPrefix": "api", "stage": "$default", "routeKey": "GET /users/{user}",
            "requestId": "JKJaXmPLvHcESHA=", "time": "22/Nov/2026:17:02:00 +0000",
            "timeEpoch": 1_795_366_920_000_i64,
            "http": { "method": "GET", "path": "/users/beto", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                      "userAgent": "cracha-web/5.0" }
        },
        "isBase64Encoded": false
    })
}

/// Cognito, um gatilho de um user pool: `PreSignUp_SignUp`, por exemplo.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html>
pub fn cognito(trigger_source: &str) -> Value {
    json!({
        "version": "1",
        "triggerSource": trigger_source,
        "region": "sa-east-1",
        "userPoolId": "sa-east-1_Cracha118",
        "userName": "beto",
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "3n4b5urk1ft4fl3mg5e62d9ado" },
        "request": { "userAttributes": { "email": "beto@example.com" }, "validationData": null, "clientMetadata": null },
        "response": { "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false }
    })
}

/// CloudFormation, um recurso personalizado: `Create`, `Update` ou `Delete`.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html>
pub fn cloudformation(request_type: &str) -> Value {
    let mut event = json!({
        "RequestType": request_type,
        "ServiceToken": "arn:aws:lambda:sa-east-1:123456789012:function:register-station",
        "ResponseURL": "https://cloudformation-custom-resource-response-saeast1.s3.amazonaws.com/estacoes?X-Amz-Signature=118",
        "StackId": "arn:aws:cloudformation:sa-east-1:123456789012:stack/estacoes/1134083a-2608-1e91-9897-022501a2c456",
        "RequestId": "5d478078-13e9-baf0-464a-7ef285ecc786",
        "ResourceType": "Custom::Station",
        "LogicalResourceId": "RadarStation",
        "ResourceProperties": {
            "ServiceToken": "arn:aws:lambda:sa-east-1:123456789012:function:register-station",
            "City": "serra-clara"
        }
    });
    if request_type != "Create" {
        event["PhysicalResourceId"] = json!("station-118");
    }
    if request_type == "Update" {
        event["OldResourceProperties"] = json!({ "ServiceToken": event["ServiceToken"], "City": "vale-verde" });
    }
    event
}

/// Alexa, uma skill: um `IntentRequest`.
/// <https://developer.amazon.com/en-US/docs/alexa/custom-skills/request-and-response-json-reference.html>
pub fn alexa() -> Value {
    json!({
        "version": "1.0",
        "session": {
            "new": true,
            "sessionId": "amzn1.echo-api.session.118",
            "application": { "applicationId": "amzn1.ask.skill.118" },
            "attributes": {},
            "user": { "userId": "amzn1.ask.account.118" }
        },
        "context": {
            "System": {
                "application": { "applicationId": "amzn1.ask.skill.118" },
                "user": { "userId": "amzn1.ask.account.118" },
                "device": { "deviceId": "cozinha", "supportedInterfaces": {} },
                "apiEndpoint": "https://api.amazonalexa.com",
                "apiAccessToken": "eyJ0eXAiOiJKV1QifQ.exemplo"
            }
        },
        "request": {
            "type": "IntentRequest",
            "requestId": "amzn1.echo-api.request.118",
            "timestamp": "2026-11-22T17:02:00Z",
            "locale": "pt-BR",
            "intent": {
                "name": "ForecastIntent",
                "confirmationStatus": "NONE",
                "slots": { "city": { "name": "city", "value": "Serra Clara", "confirmationStatus": "NONE" } }
            }
        }
    })
}

/// Lex V2, na hora de cumprir o pedido.
/// <https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html>
pub fn lex() -> Value {
    let intent = json!({
        "name": "Forecast",
        "state": "ReadyForFulfillment",
        "confirmationState": "None",
        "slots": {
            "city": { "shape": "Scalar", "value": { "originalValue": "Serra Clara", "interpretedValue": "Serra Clara",
                                                    "resolvedValues": ["serra-clara"] } }
        }
    });
    json!({
        "messageVersion": "1.0",
        "invocationSource": "FulfillmentCodeHook",
        "inputMode": "Speech",
        "responseContentType": "audio/mpeg",
        "sessionId": "118",
        "inputTranscript": "vai chover em Serra Clara?",
        "invocationLabel": "fulfillment",
        "requestAttributes": {},
        "bot": { "id": "MBLSMZXMPL", "name": "previsao", "localeId": "pt_BR", "version": "3", "aliasId": "TSTALIASID",
                 "aliasName": "prod" },
        "interpretations": [{ "interpretationSource": "Lex", "intent": intent, "nluConfidence": 0.94 }],
        "sessionState": { "sessionAttributes": {}, "activeContexts": [], "intent": intent,
                          "originatingRequestId": "2d3558dc-780b-422f-b9ec-7f6a1bd63f2e" },
        "transcriptions": [{
            "transcription": "vai chover em Serra Clara?",
            "transcriptionConfidence": 0.9,
            "resolvedContext": { "intent": "Forecast" },
            "resolvedSlots": { "city": intent["slots"]["city"] }
        }]
    })
}

/// CloudFront com Lambda@Edge: `viewer-request` ou `origin-request`, que traz também a origem.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html>
pub fn cloudfront(event_type: &str) -> Value {
    let mut event = json!({
        "Records": [{
            "cf": {
                "config": {
                    "distributionDomainName": "d111111abcdef8.cloudfront.net",
                    "distributionId": "EDFDVBD6EXAMPLE",
                    "eventType": event_type,
                    "requestId": "4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ=="
                },
                "request": {
                    "clientIp": "203.0.113.178",
                    "method": "GET",
                    "uri": "/mapa/serra-clara",
                    "querystring": "",
                    "headers": {
                        "host": [{ "key": "Host", "value": "mapa.serraclara.example" }],
                        "user-agent": [{ "key": "User-Agent", "value": "defesa-civil/2.1" }]
                    }
                }
            }
        }]
    });
    if event_type == "origin-request" {
        event["Records"][0]["cf"]["request"]["origin"] = json!({
            "custom": {
                "customHeaders": {}, "domainName": "origem.serraclara.example", "keepaliveTimeout": 5, "path": "",
                "port": 443, "protocol": "https", "readTimeout": 30, "sslProtocols": ["TLSv1.2"]
            }
        });
    }
    event
}

/// O que cada serviço espera que a função devolva quando tudo dá certo.
pub mod replies {
    use serde_json::{Value, json};

    /// Ao API Gateway: um objeto com `statusCode`.
    pub fn api_gateway(text: &str) -> Value {
        let body = json!({ "forecast": text }).to_string();
        json!({ "statusCode": 200, "headers": { "Content-Type": "application/json" }, "body": body })
    }

    /// Ao Cognito: o evento inteiro, com `response` preenchido.
    pub fn cognito(event: &Value) -> Value {
        let mut event = event.clone();
        event["response"] = json!({ "autoConfirmUser": true, "autoVerifyEmail": true, "autoVerifyPhone": false });
        event
    }

    /// À Alexa: o que ela diz, e se a conversa acaba.
    pub fn alexa(text: &str) -> Value {
        json!({
            "version": "1.0",
            "sessionAttributes": {},
            "response": { "outputSpeech": { "type": "PlainText", "text": text }, "shouldEndSession": true }
        })
    }

    /// Ao Lex V2: o próximo passo da conversa e o que dizer.
    pub fn lex(text: &str) -> Value {
        json!({
            "sessionState": {
                "dialogAction": { "type": "Close" },
                "intent": { "name": "Forecast", "state": "Fulfilled" }
            },
            "messages": [{ "contentType": "PlainText", "content": text }]
        })
    }

    /// Ao CloudFront: uma resposta pronta, no lugar da origem.
    pub fn cloudfront(text: &str) -> Value {
        json!({
            "status": "200",
            "statusDescription": "OK",
            "headers": { "content-type": [{ "key": "Content-Type", "value": "text/plain; charset=utf-8" }] },
            "body": text
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse, ApiGatewayV2httpRequest};
    use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest;
    use aws_lambda_events::cognito::CognitoEventUserPoolsPreSignup;

    use super::*;

    #[test]
    fn the_published_types_read_the_events() {
        let request: ApiGatewayProxyRequest = serde_json::from_value(api_gateway()).expect("formato 1.0");
        assert_eq!(request.path_parameters["city"], "serra-clara");
        let request: ApiGatewayV2httpRequest = serde_json::from_value(api_gateway_v2()).expect("formato 2.0");
        assert_eq!(request.raw_path.as_deref(), Some("/users/beto"));
        let event: CognitoEventUserPoolsPreSignup =
            serde_json::from_value(cognito("PreSignUp_SignUp")).expect("Cognito");
        assert_eq!(event.request.user_attributes["email"], "beto@example.com");
        for kind in ["Create", "Update", "Delete"] {
            serde_json::from_value::<CloudFormationCustomResourceRequest>(cloudformation(kind)).expect(kind);
        }
    }

    #[test]
    fn the_published_types_read_the_replies() {
        let response: ApiGatewayProxyResponse =
            serde_json::from_value(replies::api_gateway("sol")).expect("resposta 1.0");
        assert_eq!(response.status_code, 200);
        let reply = replies::cognito(&cognito("PreSignUp_SignUp"));
        let event: CognitoEventUserPoolsPreSignup = serde_json::from_value(reply).expect("Cognito");
        assert!(event.response.auto_confirm_user);
    }
}
