use rmcp::model::RequestId;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

type Half = tokio::io::ReadHalf<DuplexStream>;
type OtherHalf = tokio::io::WriteHalf<DuplexStream>;

/// What comes of lines that a client sends before it goes: the messages taken, and the answers to the rest.
async fn sent(text: &[u8]) -> (Vec<Message>, Vec<Value>) {
    let (client, server) = duplex(1024);
    let (reader, writer) = tokio::io::split(server);
    let mut lines: Lines<Half, OtherHalf> = Lines::new(reader, writer);
    let (mut answers, mut sending) = tokio::io::split(client);
    let text = text.to_vec();
    let client = tokio::spawn(async move {
        sending.write_all(&text).await.unwrap();
        sending.shutdown().await.unwrap();
        let mut out = String::new();
        answers.read_to_string(&mut out).await.unwrap();
        out
    });
    let mut messages = Vec::new();
    while let Some(message) = lines.receive().await {
        messages.push(message);
    }
    lines.close().await.unwrap();
    drop(lines);
    let out = client.await.unwrap();
    (messages, out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn codes(answers: &[Value]) -> Vec<(i64, Value)> {
    answers.iter().map(|answer| (answer["error"]["code"].as_i64().unwrap(), answer["id"].clone())).collect()
}

const PING: &str = r#"{"jsonrpc":"2.0","id":99,"method":"ping"}"#;

#[tokio::test]
async fn every_line_that_asks_is_answered_and_the_next_one_is_served() {
    for (line, code, id) in [
        ("nonsense", -32700, Value::Null),
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","#, -32700, json!(7)),
        (r#"{"jsonrpc":"2.0","id":"seven","method":"tools/call","params":{"id":1"#, -32700, json!("seven")),
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"id":1"#, -32700, Value::Null),
        (r#"{"a":"\"id\":5","id":6"#, -32700, json!(6)),
        ("[]", -32600, Value::Null),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, Value::Null),
        ("5", -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":8}"#, -32600, json!(8)),
        (r#"{"jsonrpc":"2.0","id":8,"method":5}"#, -32600, json!(8)),
        (r#"{"jsonrpc":"1.0","id":8,"method":"ping"}"#, -32600, json!(8)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":[1]}"#, -32602, json!(9)),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":5}}"#, -32602, json!(9)),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"a","arguments":"b"}}"#, -32602, json!(9)),
        ("\u{1}\u{0}", -32700, Value::Null),
    ] {
        let (messages, answers) = sent(format!("{line}\n{PING}\n").as_bytes()).await;
        assert_eq!(codes(&answers), [(code, id)], "{line}");
        assert_eq!(messages.len(), 1, "{line}: what follows is served");
        assert!(answers[0]["error"]["message"].as_str().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn what_asks_for_nothing_is_passed_over() {
    for line in [
        "",
        "  \t",
        "\r",
        r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":5}"#,
        r#"{"jsonrpc":"2.0","id":4,"result":5,"error":6}"#,
    ] {
        let (messages, answers) = sent(format!("{line}\n{PING}\n").as_bytes()).await;
        assert_eq!(answers, [] as [Value; 0], "{line}");
        assert_eq!(messages.len(), 1, "{line}");
    }
}

#[tokio::test]
async fn before_the_first_request_nothing_means_anything() {
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let (messages, answers) = sent(format!("{note}\n{PING}\n{note}\n").as_bytes()).await;
    assert_eq!((messages.len(), answers.len()), (2, 0));
    assert!(
        matches!(messages[0], JsonRpcMessage::Request(_)) && matches!(messages[1], JsonRpcMessage::Notification(_))
    );
}

#[tokio::test]
async fn line_ends_marks_and_the_last_line_are_read_as_meant() {
    let (messages, answers) = sent(format!("\u{feff}{PING}\r\n{PING}\n{PING}").as_bytes()).await;
    assert_eq!((messages.len(), answers.len()), (3, 0));
    assert!(matches!(&messages[2], JsonRpcMessage::Request(request) if request.id == RequestId::Number(99)));
}

#[tokio::test]
async fn a_line_that_is_too_long_is_answered_and_costs_no_more_than_it_may() {
    let mut text = br#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":""#.to_vec();
    text.resize(MAX_LINE + 1_000, b'x');
    text.extend_from_slice(format!("\n{PING}\n").as_bytes());
    let (messages, answers) = sent(&text).await;
    assert_eq!(codes(&answers), [(-32700, json!(3))]);
    assert_eq!(messages.len(), 1);
}

#[tokio::test]
async fn a_long_line_is_read_elsewhere_and_in_its_turn() {
    let long = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x".repeat(2 * LONG)}});
    let (messages, answers) = sent(format!("{long}\n{}\n{PING}\n", "y".repeat(2 * LONG)).as_bytes()).await;
    assert_eq!(codes(&answers), [(-32700, Value::Null)]);
    let ids: Vec<i64> = messages
        .iter()
        .map(|message| match message {
            JsonRpcMessage::Request(request) => request.id.to_string().parse().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [1, 99]);
}

/// rmcp drops the future of `receive` whenever an answer goes out.
#[tokio::test]
async fn a_call_that_is_given_up_in_the_middle_loses_nothing() {
    let (client, server) = duplex(16);
    let (reader, writer) = tokio::io::split(server);
    let mut lines = Lines::new(reader, writer);
    let (mut answers, mut sending) = tokio::io::split(client);
    let text = format!("bad\n{PING}\n");
    let mut got = None;
    let mut heard = Vec::new();
    for byte in text.bytes() {
        sending.write_all(&[byte]).await.unwrap();
        for _ in 0..3 {
            tokio::select! {
                biased;
                message = lines.receive() => got = message,
                () = tokio::task::yield_now() => {}
            }
            let mut piece = [0; 64];
            tokio::select! {
                biased;
                read = answers.read(&mut piece) => heard.extend_from_slice(&piece[..read.unwrap()]),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    while got.is_none() || !heard.ends_with(b"\n") {
        let mut piece = [0; 64];
        tokio::select! {
            message = lines.receive(), if got.is_none() => got = message,
            read = answers.read(&mut piece) => heard.extend_from_slice(&piece[..read.unwrap()]),
        }
    }
    assert!(matches!(got, Some(JsonRpcMessage::Request(request)) if request.id == RequestId::Number(99)));
    let answer: Value = serde_json::from_slice(&heard).unwrap();
    assert_eq!(answer["error"]["code"], -32700);
}
