//! Avalia o passo `mapping`: o template que vale, as variáveis da AWS, as diretivas e a resposta escolhida.

use gateway::mapping::{choose_template, render};
use gateway::model::{GatewayResponseType, Refusal};
use gateway::template::{Passage, PassthroughBehavior, TemplateInput, Templates};
use gateway::vtl::Position;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::templates::{ALERTS, body, expect_output, expect_outputs, forecast, pairs, rendered};

use PassthroughBehavior::{Never, WhenNoMatch, WhenNoTemplates};

const JSON: &str = r#"{"city":"$input.params('city')"}"#;
const XML: &str = "<city>$input.params('city')</city>";

/// Com template para o tipo, o corpo é transformado, seja qual for o passthroughBehavior; sem `Content-Type`, o tipo é
/// application/json.
#[rstest]
#[case::of_the_type(Some("text/xml"), XML)]
#[case::without_content_type(None, JSON)]
fn a_template_for_the_type_transforms_the_body(#[case] content_type: Option<&str>, #[case] expected: &str) {
    let templates = Templates::new().with("text/xml", XML).with("application/json", JSON);
    for behavior in [WhenNoMatch, WhenNoTemplates, Never] {
        let passage = choose_template(&templates, behavior, content_type);
        expect_same!(
            passage,
            Ok(Passage::Transform(expected)),
            "há template para {}, e {behavior:?} só decide quando não há: o corpo passa pelo template `{expected}`; o seu \
             código respondeu {passage:?}",
            content_type.unwrap_or("application/json (que é o tipo de quem não manda nenhum)")
        );
    }
}

/// Sem template para o tipo, o passthroughBehavior decide entre repassar o corpo e recusar com 415.
#[rstest]
#[case::when_no_match(WhenNoMatch, Some(XML), true)]
#[case::when_no_templates(WhenNoTemplates, Some(XML), false)]
#[case::never(Never, Some(XML), false)]
#[case::when_no_match_and_none_defined(WhenNoMatch, None, true)]
#[case::when_no_templates_and_none_defined(WhenNoTemplates, None, true)]
#[case::never_and_none_defined(Never, None, false)]
fn without_a_template_for_the_type_the_behavior_decides(
    #[case] behavior: PassthroughBehavior,
    #[case] template: Option<&str>,
    #[case] passes: bool,
) {
    let templates = template.map_or_else(Templates::new, |text| Templates::new().with("text/xml", text));
    let refusal = Refusal::new(GatewayResponseType::UnsupportedMediaType, "Unsupported Media Type");
    let expected = if passes { Ok(Passage::AsIs) } else { Err(refusal) };
    for content_type in [Some("application/json"), Some("text/plain"), None] {
        let passage = choose_template(&templates, behavior, content_type);
        expect_same!(
            passage,
            expected,
            "{behavior:?}, Content-Type {}, {}: {}; o seu código respondeu {passage:?}",
            content_type.unwrap_or("nenhum"),
            template.map_or("nenhum template definido", |_| "um template, só para text/xml"),
            if passes { "o corpo segue como veio" } else { "415, UNSUPPORTED_MEDIA_TYPE, `Unsupported Media Type`" }
        );
    }
}

/// O corpo chega ao template como veio, e vazio chega como `{}`.
#[rstest]
#[case::as_it_came("granizo { \"a\":  1 }", "[$input.body]", "[granizo { \"a\":  1 }]")]
#[case::only_spaces("  ", "[$input.body]", "[  ]")]
#[case::empty("", "$input.body$input.json('$')", "{}{}")]
fn the_body_is_raw_text_and_never_empty(#[case] text: &str, #[case] template: &str, #[case] expected: &str) {
    expect_output(template, &body(text), expected, &format!("o corpo da requisição é `{text}`"));
}

/// `$input.path` dá o valor, que o template pode usar; `$input.json` dá o texto JSON dele.
#[rstest]
#[case::path(&[
    ("$input.path('$.alerts[0].kind')", "hail"),
    ("#set($a = $input.path('$.total') + 1)$a", "3"),
    ("$input.path('$').alerts[1].city", "vale-verde"),
    ("$input.path('$.alerts[0]')", "{city=serra-clara, kind=hail, severity=4, text=Abrigue-se}"),
])]
#[case::json(&[
    ("$input.json('$.alerts[0].kind')", r#""hail""#),
    ("$input.json('$.alerts[*].severity')", "[4,2]"),
])]
#[case::missing(&[
    ("[$input.path('$.alerts[0].until')]", "[]"),
    ("[$input.json('$.alerts[0].until')]", r#"[""]"#),
])]
fn paths_are_looked_up_in_the_body(#[case] cases: &[(&str, &str)]) {
    let rule = "`path` dá o valor e `json` dá o texto JSON dele; o que não existe é vazio em um e `\"\"` no outro";
    expect_outputs(cases, &body(ALERTS), rule);
}

/// Num corpo que não é JSON, nenhum caminho existe.
#[rstest]
fn a_body_that_is_not_json_has_no_paths() {
    let cases = [("[$input.path('$.kind')]", "[]"), ("[$input.path('$')]", "[]"), ("[$input.json('$')]", r#"[""]"#)];
    expect_outputs(&cases, &body("granizo"), "`granizo` não é JSON, então nenhum caminho existe nele");
}

/// `$input.params(x)` procura no caminho, depois na query, depois nos cabeçalhos, com o nome exato.
#[rstest]
#[case::in_order(&[
    ("$input.params('city')", "serra-clara"),
    ("$input.params('days')", "3"),
    ("$input.params('Accept-Language')", "pt-BR"),
])]
#[case::exact_names(&[
    ("[$input.params('accept-language')]", "[]"),
    ("[$input.params('until')]", "[]"),
    ("$input.params().querystring.city $input.params().header.get('city')", "vale-verde outra"),
])]
fn parameters_are_searched_in_the_path_the_query_and_the_headers(#[case] cases: &[(&str, &str)]) {
    let rule = "`city` está nos três lugares, `days` na query e nos cabeçalhos, `Accept-Language` só nos cabeçalhos";
    expect_outputs(cases, &forecast(), rule);
}

/// Uma referência que não leva a nada vale texto vazio, e o caminho depois dela nem é seguido.
#[rstest]
#[case::printed(&[
    ("[$city][${city}][$!city]", "[][][]"),
    ("[$context.identity.userArn]", "[]"),
    ("[$input.path('$.until')]", "[]"),
])]
#[case::path_after_nothing(&[("[$context.authorizer.claims.sub]", "[]"), ("[$city.isEmpty()]", "[]")])]
#[case::path_after_false_or_empty(&[("$input.path('$.no').equals(false) [$input.path('$.text').length()]", "true [0]")])]
#[case::compared_and_kept(&[
    ("#if($city == '')vazia#end", "vazia"),
    ("#set($c = $city)[$c] #if($c.isEmpty())vazia#end", "[] vazia"),
])]
#[case::known(&[("$context.stage $context.identity.sourceIp $stageVariables.table", "prod 203.0.113.7 alerts-prod")])]
fn a_reference_to_nothing_is_the_empty_text(#[case] cases: &[(&str, &str)]) {
    let input = TemplateInput { body: r#"{"until":null,"no":false,"text":""}"#.to_owned(), ..forecast() };
    expect_outputs(cases, &input, "no API Gateway, o que não existe vale texto vazio");
}

/// Em um `#if` só `false` é falso: zero, texto vazio e o que não existe valem como verdade.
#[rstest]
#[case::truths("sim", &["#set($x = true)", "#set($x = 0)", "#set($x = '')", "", "#set($x = [])", "#set($x = {})", "#set($x = 'false')"])]
#[case::falsehoods("não", &[
    "#set($x = false)",
    "#set($x = $input.path('$.more'))",
    "#set($x = $input.path('$.total') > 2)",
    "#set($x = !$y)",
])]
fn only_false_is_false(#[case] expected: &str, #[case] sets: &[&str]) {
    let rule =
        "o Velocity 1.7 só toma por falso o booleano `false` e o nulo, e no API Gateway o que não existe vale texto";
    for set in sets {
        expect_output(&format!("{set}#if($x)sim#{{else}}não#end"), &body(ALERTS), expected, rule);
    }
}

/// O nulo é falso: uma conta que não dá, dentro do próprio `#if`, não vale nada.
#[rstest]
fn null_is_false() {
    for (condition, expected) in [("4 / 0", "não"), ("4 / 2", "sim"), ("!(4 / 0)", "sim")] {
        let rule = "dividir por zero dá nulo, e nulo é falso; qualquer número é verdade";
        expect_output(&format!("#if({condition})sim#{{else}}não#end"), &body(ALERTS), expected, rule);
    }
}

/// De um `#if` com vários ramos sai um só: o primeiro que vale, ou o `#else`, ou nada.
#[rstest]
fn the_first_branch_that_holds_is_the_only_one() {
    for last in ["", "nenhuma"] {
        let otherwise = if last.is_empty() { "" } else { "#{else}nenhuma" };
        let template = format!(
            "#set($s = $input.path('$.s'))#if($s >= 4)grave#elseif($s >= 2)média#elseif($s >= 1)leve{otherwise}#end"
        );
        for (severity, expected) in [(5, "grave"), (3, "média"), (1, "leve"), (0, last)] {
            let rule = format!("a gravidade é {severity}, e o primeiro ramo que vale encerra");
            expect_output(&template, &body(&json!({ "s": severity }).to_string()), expected, &rule);
        }
    }
}

/// `#foreach` repete com cada item, e diz em que volta está.
#[rstest]
#[case::lists(&[
    ("#foreach($a in $input.path('$.alerts'))$a.city;#end", "serra-clara;vale-verde;"),
    ("#foreach($a in $input.path('$.alerts'))$a.severity#if($foreach.hasNext),#end#end", "4,2"),
    ("#foreach($i in [1..3])$i#end", "123"),
    ("[#foreach($a in $input.path('$.stations'))$a#end]", "[]"),
])]
#[case::counters(&[
    ("#foreach($i in ['a', 'b'])$i$foreach.index$foreach.count$velocityCount #end", "a011 b122 "),
    ("#foreach($i in [1..2])#foreach($j in [1..2])$i$j #end$foreach.count #end", "11 12 1 21 22 2 "),
])]
#[case::maps(&[
    ("#foreach($v in $input.path('$.alerts[0]'))$v #end", "serra-clara hail 4 Abrigue-se "),
    ("#foreach($k in $input.path('$.alerts[0]').keySet())$k #end", "city kind severity text "),
])]
fn foreach_repeats_its_body(#[case] cases: &[(&str, &str)]) {
    let rule =
        "`$foreach.index` conta de 0, `$foreach.count` e `$velocityCount` de 1, e `$foreach.hasNext` diz se há mais";
    expect_outputs(cases, &body(ALERTS), rule);
}

/// Um `#foreach` para na milésima volta, e a última ainda acha que há mais.
#[rstest]
fn foreach_stops_after_a_thousand_rounds() {
    for (items, expected) in [(1_000, "1000 false"), (1_001, "1000 true")] {
        let template =
            format!("#foreach($i in [1..{items}])#set($last = \"$foreach.count $foreach.hasNext\")#end$last");
        let rule = "a cota é de 1.000 voltas por `#foreach`; o laço para sem avisar";
        expect_output(&template, &body(""), expected, rule);
    }
}

/// As funções de `$util` que levam um texto a outro.
#[rstest]
#[case::escape_java_script(&[
    ("escapeJavaScript", "D'água \"fria\"\\\r\n\t", r#"D\'água \"fria\"\\\r\n\t"#),
    ("escapeJavaScript", "Abrigue-se!", "Abrigue-se!"),
])]
#[case::url(&[
    ("urlEncode", r#"{"some": "value"}"#, "%7B%22some%22%3A+%22value%22%7D"),
    ("urlEncode", "", ""),
    ("urlDecode", "Serra+Clara%2C%C3%A7%2B1", "Serra Clara,ç+1"),
])]
#[case::base64(&[
    ("base64Encode", "São José", "U8OjbyBKb3PDqQ=="),
    ("base64Decode", "eyJjaXR5IjoidmFsZS12ZXJkZSJ9", r#"{"city":"vale-verde"}"#),
])]
fn util_transforms_texts(#[case] cases: &[(&str, &str, &str)]) {
    for (function, text, expected) in cases {
        let template = format!("$util.{function}($input.path('$.text'))");
        let input = body(&json!({ "text": text }).to_string());
        expect_output(&template, &input, expected, &format!("`$util.{function}` de `{text}`"));
    }
}

/// `$util.parseJson` faz de um texto um valor que o template percorre.
#[rstest]
fn parse_json_gives_a_value() {
    let object = r#"{"key2":{"arr":[1,2,3]}}"#;
    for (text, template, expected) in [
        (object, "$x.key2.arr[0] $x", "1 {key2={arr=[1,2,3]}}"),
        ("[1,2,3]", "$x.size() $x", "3 [1,2,3]"),
        (r#""hail""#, "$x", "hail"),
    ] {
        let template = format!("#set($x = $util.parseJson($input.body)){template}");
        expect_output(&template, &body(text), expected, "`$util.parseJson` lê o texto como JSON");
    }
}

/// O apóstrofo que escapeJavaScript escapa estraga o JSON, e `replaceAll` o conserta.
#[rstest]
fn the_escaped_apostrophe_is_not_json() {
    for (repair, valid) in [("", false), (r#".replaceAll("\\'", "'")"#, true)] {
        let template = format!(r#"{{"text":"$util.escapeJavaScript($input.path('$.alerts[1].text')){repair}"}}"#);
        let rule = r"`\'` vale em JavaScript e não vale em JSON";
        let written = rendered(&template, &body(ALERTS), rule).body;
        let read = serde_json::from_str::<Value>(&written).ok();
        expect_same!(
            read,
            valid.then(|| json!({ "text": "D'água congelada" })),
            "{rule}: o template `{template}` escreve {}; com o seu código escreveu `{written}`",
            if valid { "um JSON com o texto original" } else { "algo que um leitor de JSON recusa" }
        );
    }
}

/// O que o template sobrescreve sai em `$context`, e o template da resposta lê o que o da requisição deixou.
#[rstest]
fn overrides_leave_with_the_context() {
    let rule = "`requestOverride` e `responseOverride` são mapas em que o `#set` escreve";
    let request = "#set($context.requestOverride.header.X-City = $input.params('city'))\
                   #set($context.requestOverride.path[\"day\"] = 'hoje')$input.json('$')";
    let first = rendered(request, &forecast(), rule);
    expect_same!(first.body, "{}", "o corpo é o que sobra do template: `{{}}`; o seu é `{}`", first.body);
    let headers = first.overrides("requestOverride", "header");
    expect_same!(
        headers,
        pairs(&[("X-City", "serra-clara")]),
        "{rule}: `{request}` sobrescreve o cabeçalho X-City; ficou {headers:?}"
    );
    let response = "#if($input.path('$.errorMessage') != '')#set($context.responseOverride.status = 404)#end\
                    $context.requestOverride.path.day";
    let input = TemplateInput { context: first.context.clone(), ..body(r#"{"errorMessage":"cidade desconhecida"}"#) };
    let second = rendered(response, &input, rule);
    expect_same!(
        (second.body.as_str(), second.status_override()),
        ("hoje", Some(404)),
        "o template da resposta vê `requestOverride` e muda o status para 404; o seu escreveu `{}` e deixou {:?}",
        second.body,
        second.status_override()
    );
}

/// Um erro do template diz a linha e a coluna, também quando só aparece ao rodar.
#[rstest]
#[case::not_closed("{\n  #if($input.path('$.total') > 1)\n}", 2, 3, "#end")]
#[case::bad_path("{\n\"a\": $input.json('$.a[')\n}", 2, 6, "JSONPath")]
#[case::overridden_twice(
    "#set($context.responseOverride.status = 400)\n#set($context.responseOverride.status = 404)",
    2,
    6,
    "só se sobrescreve uma vez"
)]
#[case::text_that_is_not_json("[\n  $util.parseJson('granizo')]", 2, 3, "")]
#[case::text_that_is_not_base64("$util.base64Decode('***')", 1, 1, "")]
#[case::unknown_function("{ $util.sha256('granizo') }", 1, 3, "")]
fn an_error_says_where_it_is(#[case] template: &str, #[case] line: usize, #[case] column: usize, #[case] about: &str) {
    let position = Position { line, column };
    match render(template, &body(ALERTS)) {
        Ok(rendered) => {
            panic!("`{template}` tem um erro em {position}, mas o seu código escreveu `{}`", rendered.body)
        }
        Err(error) => assert!(
            error.position == position && error.message.contains(about),
            "o erro de `{template}` está em {position}{}; o seu código disse: {error}",
            if about.is_empty() { String::new() } else { format!(" e fala de {about}") }
        ),
    }
}

/// A leitura da estação antiga sai no formato de hoje, com o campo opcional só quando ele veio.
#[rstest]
fn the_reading_of_the_old_station_is_translated() {
    let template = r#"#set($obs = $input.path('$.obs'))
{
  "station": "$input.params('station')",
  "wind": $input.path('$.v'),
#if($obs != "")
  "note": "$util.escapeJavaScript($obs).replaceAll("\\'", "'")",
#end
  "stage": "$context.stage"
}
"#;
    for (reading, wind, note) in [
        (r#"{"v":"82","obs":"caixa d'água"}"#, "82", "  \"note\": \"caixa d'água\",\n"),
        (r#"{"v":"82"}"#, "82", ""),
        (r#"{"obs":""}"#, "", ""),
    ] {
        let input = TemplateInput { path: pairs(&[("station", "07")]), ..body(reading) };
        let expected = format!("{{\n  \"station\": \"07\",\n  \"wind\": {wind},\n{note}  \"stage\": \"prod\"\n}}\n");
        expect_output(template, &input, &expected, &format!("chega `{reading}`, e as linhas só de diretivas somem"));
    }
}

mod answers;
