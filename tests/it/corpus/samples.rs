//! Events as the systems send them that speak `CloudEvents`, and some that reach into every corner of the specification.
//! The formats are theirs, the values are made up; what is expected of each was written by hand.

use super::{Data, Http, Sample};

const STRUCTURED: &str = "Content-Type: application/cloudevents+json";
const BATCH: &str = "Content-Type: application/cloudevents-batch+json; charset=utf-8";

use Data::{Bytes, Json, Text};
use Http::{Binary, Structured};

const fn sample(
    name: &'static str,
    headers: &'static str,
    body: &'static [u8],
    events: &'static [(&'static str, Data)],
    http: Http,
) -> Sample {
    Sample { name, headers, body, events, http }
}

pub(super) const SAMPLES: &[Sample] = &[
    sample(
        "CDEvents, structured",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"a7f1-11","source":"/ci/main","type":"dev.cdevents.pipelinerun.started.0.2.0",
            "time":"2026-11-20T13:50:07.041Z","datacontenttype":"application/json",
            "data":{"context":{"version":"0.4.1","id":"a7f1-11"},"subject":{"id":"/run/7","content":{"url":"https://ci/7"}}}}"#,
        &[(
            "specversion=1.0\nid=a7f1-11\nsource=/ci/main\ntype=dev.cdevents.pipelinerun.started.0.2.0\n\
             time=2026-11-20T13:50:07.041Z",
            Json(
                r#"{"context":{"version":"0.4.1","id":"a7f1-11"},"subject":{"id":"/run/7","content":{"url":"https://ci/7"}}}"#,
            ),
        )],
        Binary,
    ),
    sample(
        "CDEvents, binary as the binding has it",
        "ce-specversion: 1.0\nce-id: a7f1-12\nce-source: /ci/main\nce-type: dev.cdevents.service.deployed.0.2.0\n\
         ce-datacontenttype: application/json\nce-subject: pkg:oci/app%2540sha256",
        br#"{ "subject" : { "id" : "app" } }"#,
        &[(
            "specversion=1.0\nid=a7f1-12\nsource=/ci/main\ntype=dev.cdevents.service.deployed.0.2.0\n\
             subject=pkg:oci/app%40sha256",
            Json(r#"{"subject":{"id":"app"}}"#),
        )],
        Binary,
    ),
    sample(
        "Google audit log",
        STRUCTURED,
        br#"{"specversion":"1.0","type":"google.cloud.audit.log.v1.written","id":"projects/acme/logs/x17",
            "source":"//cloudaudit.googleapis.com/projects/acme/logs/activity","subject":"storage.googleapis.com/b/o",
            "methodname":"storage.objects.create","servicename":"storage.googleapis.com","recordedtime":"2026-11-20T13:50:07Z",
            "datacontenttype":"application/json; charset=utf-8","data":{"protoPayload":{"status":{}}}}"#,
        &[(
            "specversion=1.0\ntype=google.cloud.audit.log.v1.written\nid=projects/acme/logs/x17\n\
             source=//cloudaudit.googleapis.com/projects/acme/logs/activity\nsubject=storage.googleapis.com/b/o\n\
             methodname=storage.objects.create\nservicename=storage.googleapis.com\nrecordedtime=2026-11-20T13:50:07Z\n\
             datacontenttype=application/json; charset=utf-8",
            Json(r#"{"protoPayload":{"status":{}}}"#),
        )],
        Binary,
    ),
    sample(
        "Google storage, binary",
        "ce-specversion: 1.0\nce-id: 9911\nce-source: //storage.googleapis.com/projects/_/buckets/b\n\
         ce-type: google.cloud.storage.object.v1.finalized\nce-subject: objects/a%20b.txt\nce-bucket: b\n\
         content-type: application/json",
        br#"{"size":"352"}"#,
        &[(
            "specversion=1.0\nid=9911\nsource=//storage.googleapis.com/projects/_/buckets/b\n\
             type=google.cloud.storage.object.v1.finalized\nsubject=objects/a%20b.txt\nbucket=b",
            Json(r#"{"size":"352"}"#),
        )],
        Binary,
    ),
    sample(
        "Azure event grid, a batch",
        BATCH,
        br#"[{"id":"e1","source":"/subscriptions/s/storageAccounts/a","specversion":"1.0","type":"Microsoft.Storage.BlobCreated",
            "subject":"blobServices/default/b.txt","time":"2026-11-20T13:50:07.7418354Z","data":{"contentLength":524288}},
            {"id":"e2","source":"/subscriptions/s/storageAccounts/a","specversion":"1.0","type":"Microsoft.Storage.BlobDeleted",
            "data":null}]"#,
        &[
            (
                "id=e1\nsource=/subscriptions/s/storageAccounts/a\nspecversion=1.0\ntype=Microsoft.Storage.BlobCreated\n\
                 subject=blobServices/default/b.txt\ntime=2026-11-20T13:50:07.7418354Z",
                Json(r#"{"contentLength":524288}"#),
            ),
            (
                "id=e2\nsource=/subscriptions/s/storageAccounts/a\nspecversion=1.0\ntype=Microsoft.Storage.BlobDeleted",
                Json("null"),
            ),
        ],
        Binary,
    ),
    sample(
        "SAP",
        STRUCTURED,
        br#"{"type":"sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1","specversion":"1.0","source":"/default/sap.s4.beh/ER9CLNT001",
            "id":"QgEK7wza","time":"2026-11-20T13:50:07Z","datacontenttype":"application/json","sappassport":"2A54482A",
            "data":{"SalesOrder":"0000003","NetAmount":1200.00}}"#,
        &[(
            "type=sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1\nspecversion=1.0\nsource=/default/sap.s4.beh/ER9CLNT001\n\
             id=QgEK7wza\ntime=2026-11-20T13:50:07Z\nsappassport=2A54482A",
            Json(r#"{"SalesOrder":"0000003","NetAmount":1200.00}"#),
        )],
        Binary,
    ),
    sample(
        "Adobe, whose names are none",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"82235bac","source":"urn:uuid:1e4d","type":"com.adobe.asset.created",
            "event_id":"82235bac","recipient_client_id":"c-1","data":{"title":"a"}}"#,
        &[(
            "specversion=1.0\nid=82235bac\nsource=urn:uuid:1e4d\ntype=com.adobe.asset.created\nevent_id=82235bac\n\
             recipient_client_id=c-1",
            Json(r#"{"title":"a"}"#),
        )],
        Structured,
    ),
    sample(
        "Keptn",
        "",
        br#"{"data":{"project":"sockshop","stage":"dev"},"id":"c4d3","source":"shipyard-controller","specversion":"1.0",
            "time":"2026-11-20T13:50:07.000Z","type":"sh.keptn.event.deployment.triggered","shkeptncontext":"a3e5",
            "shkeptnspecversion":"0.2.4","triggeredid":"t-1"}"#,
        &[(
            "id=c4d3\nsource=shipyard-controller\nspecversion=1.0\ntime=2026-11-20T13:50:07.000Z\n\
             type=sh.keptn.event.deployment.triggered\nshkeptncontext=a3e5\nshkeptnspecversion=0.2.4\ntriggeredid=t-1",
            Json(r#"{"project":"sockshop","stage":"dev"}"#),
        )],
        Binary,
    ),
    sample(
        "Dapr, with text and an empty attribute",
        STRUCTURED,
        br#"{"data":"order 7","datacontenttype":"text/plain","id":"5929","pubsubname":"pubsub","source":"checkout",
            "specversion":"1.0","topic":"orders","type":"com.dapr.event.sent","tracestate":"",
            "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#,
        &[(
            "datacontenttype=text/plain\nid=5929\npubsubname=pubsub\nsource=checkout\nspecversion=1.0\ntopic=orders\n\
             type=com.dapr.event.sent\ntracestate=\ntraceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            Text("order 7"),
        )],
        Structured,
    ),
    sample(
        "Argo events, JSON in Base64",
        "",
        br#"{"data_base64":"eyJldmVudFRpbWUiOiIyMDI2In0=","datacontenttype":"application/json","id":"3061","source":"calendar",
            "specversion":"1.0","subject":"example","time":"2026-11-20T13:50:07Z","type":"calendar"}"#,
        &[(
            "id=3061\nsource=calendar\nspecversion=1.0\nsubject=example\ntime=2026-11-20T13:50:07Z\ntype=calendar",
            Json(r#"{"eventTime":"2026"}"#),
        )],
        Binary,
    ),
    sample(
        "Falco, whose names are none",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"f-1","source":"falco.org","type":"falco.rule.output.v1","priority":"Notice",
            "rule":"Terminal shell in container","event_source":"syscall","datacontenttype":"application/json",
            "data":{"output":"A shell","output_fields":{"proc.name":"bash"}}}"#,
        &[(
            "specversion=1.0\nid=f-1\nsource=falco.org\ntype=falco.rule.output.v1\npriority=Notice\n\
             rule=Terminal shell in container\nevent_source=syscall",
            Json(r#"{"output":"A shell","output_fields":{"proc.name":"bash"}}"#),
        )],
        Structured,
    ),
    sample(
        "Tekton, by the Go SDK",
        "ce-id: 77f7\nce-source: /apis/tekton.dev/v1/namespaces/default/pipelineruns/build 1\nce-specversion: 1.0\n\
         ce-subject: build\nce-type: dev.tekton.event.pipelinerun.successful.v1\ncontent-type: application/json",
        br#"{"pipelineRun":{"status":{}}}"#,
        &[(
            "id=77f7\nsource=/apis/tekton.dev/v1/namespaces/default/pipelineruns/build 1\nspecversion=1.0\nsubject=build\n\
             type=dev.tekton.event.pipelinerun.successful.v1",
            Json(r#"{"pipelineRun":{"status":{}}}"#),
        )],
        Binary,
    ),
    sample(
        "Harbor",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"66dd","source":"/projects/2/webhook/policies/2","type":"harbor.artifact.pushed",
            "datacontenttype":"application/json","time":"2026-11-20T13:50:07Z","operator":"harbor-jobservice",
            "data":{"resources":[{"digest":"sha256:95"}]}}"#,
        &[(
            "specversion=1.0\nid=66dd\nsource=/projects/2/webhook/policies/2\ntype=harbor.artifact.pushed\n\
             time=2026-11-20T13:50:07Z\noperator=harbor-jobservice",
            Json(r#"{"resources":[{"digest":"sha256:95"}]}"#),
        )],
        Binary,
    ),
    sample(
        "GitHub through Knative, with the trace in a header",
        "ce-specversion: 1.0\nce-type: dev.knative.source.github.push\nce-source: https://github.com/acme/shop\n\
         ce-id: 9f2e\nce-time: 2026-11-20T13:50:07Z\nce-knativearrivaltime: 2026-11-20T13:50:08.5Z\n\
         ce-subject: refs/heads/main\ncontent-type: application/json\n\
         traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        br#"{"ref":"refs/heads/main","size":1}"#,
        &[(
            "specversion=1.0\ntype=dev.knative.source.github.push\nsource=https://github.com/acme/shop\nid=9f2e\n\
             time=2026-11-20T13:50:07Z\nknativearrivaltime=2026-11-20T13:50:08.5Z\nsubject=refs/heads/main",
            Json(r#"{"ref":"refs/heads/main","size":1}"#),
        )],
        Binary,
    ),
    sample(
        "the Go SDK, per cent signs that are none",
        "ce-id: k%25y\nce-source: /logs/a%2Fb\nce-specversion: 1.0\nce-type: t\nce-subject: file%20name.txt\n\
         content-type: application/json",
        b"{}",
        &[("id=k%25y\nsource=/logs/a%2Fb\nspecversion=1.0\ntype=t\nsubject=file%20name.txt", Json("{}"))],
        Binary,
    ),
    sample(
        "the Go SDK, blanks, quotes and more",
        "ce-id: 1\nce-source: /a%2Fb\nce-specversion: 1.0\nce-type: t\nce-subject: say \"hi\" to gr\u{f6}\u{df}e",
        b"",
        &[("id=1\nsource=/a%2Fb\nspecversion=1.0\ntype=t\nsubject=say \"hi\" to gr\u{f6}\u{df}e", Data::None)],
        Binary,
    ),
    sample(
        "the specification's example with XML",
        STRUCTURED,
        br#"{"specversion":"1.0","type":"com.example.someevent","source":"/mycontext","subject":null,"id":"C234-1234-1234",
            "time":"2018-04-05T17:31:00Z","comexampleextension1":"value","comexampleothervalue":5,
            "datacontenttype":"application/xml","data":"<much wow=\"xml\"/>"}"#,
        &[(
            "specversion=1.0\ntype=com.example.someevent\nsource=/mycontext\nid=C234-1234-1234\ntime=2018-04-05T17:31:00Z\n\
             comexampleextension1=value\ncomexampleothervalue=5\ndatacontenttype=application/xml",
            Text(r#"<much wow="xml"/>"#),
        )],
        Binary,
    ),
    sample(
        "the specification's example with Base64",
        STRUCTURED,
        br#"{"specversion":"1.0","type":"com.example.someevent","source":"/mycontext","id":"D234","unsetextension":null,
            "datacontenttype":"application/vnd.apache.thrift.binary","data_base64":"AAECgP8="}"#,
        &[(
            "specversion=1.0\ntype=com.example.someevent\nsource=/mycontext\nid=D234\n\
             datacontenttype=application/vnd.apache.thrift.binary",
            Bytes(b"\x00\x01\x02\x80\xff"),
        )],
        Binary,
    ),
    sample(
        "a batch of the specification, not announced",
        "",
        br#"[{"specversion":"1.0","type":"a","source":"/m/4","id":"B-1","comexampleothervalue":5,"data":"<x/>",
            "datacontenttype":"application/xml"},{"specversion":"1.0","type":"b","source":"/m/9","id":"C-1","data":{"a":[1,2]}}]"#,
        &[
            (
                "specversion=1.0\ntype=a\nsource=/m/4\nid=B-1\ncomexampleothervalue=5\ndatacontenttype=application/xml",
                Text("<x/>"),
            ),
            ("specversion=1.0\ntype=b\nsource=/m/9\nid=C-1", Json(r#"{"a":[1,2]}"#)),
        ],
        Binary,
    ),
    sample(
        "an empty batch",
        BATCH,
        b"[]",
        &[],
        Binary,
    ),
    sample(
        "plain text",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":"Simple text"}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/plain", Text("Simple text"))],
        Binary,
    ),
    sample(
        "a token",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/jwt","data":"e30.e30."}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=application/jwt", Text("e30.e30."))],
        Binary,
    ),
    sample(
        "a table",
        STRUCTURED,
        b"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"datacontenttype\":\"text/csv; charset=utf-8\",\
          \"data\":\"a;b\\r\\n1;\\u00e9\"}",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/csv; charset=utf-8", Text("a;b\r\n1;\u{e9}"))],
        Binary,
    ),
    sample(
        "a page and another vendor's JSON",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/html","data":"<a href=\"x\">\u2192</a>"}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/html", Text("<a href=\"x\">\u{2192}</a>"))],
        Binary,
    ),
    sample(
        "JSON that is a string",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/vnd.x+json","data":"text"}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=application/vnd.x+json", Json(r#""text""#))],
        Binary,
    ),
    sample(
        "an object that its type does not tell of",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":{"a":1}}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/plain", Json(r#"{"a":1}"#))],
        Structured,
    ),
    sample(
        "characters of another charset",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain; charset=iso-8859-1","data":"\u00e9"}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/plain; charset=iso-8859-1", Text("\u{e9}"))],
        Structured,
    ),
    sample(
        "bytes of another charset",
        "ce-specversion: 1.0\nce-id: 1\nce-source: /s\nce-type: t\nce-datacontenttype: text/plain;charset=iso-8859-1",
        b"caf\xe9",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/plain;charset=iso-8859-1", Bytes(b"caf\xe9"))],
        Binary,
    ),
    sample(
        "digits",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","flag":true,"n":-7,
            "data":{"big":123456789012345678901234567890,"f":1.50,"z":-0.0,"e":1E400}}"#,
        &[(
            "specversion=1.0\nid=1\nsource=/s\ntype=t\nflag=true\nn=-7",
            Json(r#"{"big":123456789012345678901234567890,"f":1.50,"z":-0.0,"e":1E400}"#),
        )],
        Binary,
    ),
    sample(
        "data that is null",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":null}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t", Json("null"))],
        Binary,
    ),
    sample(
        "no data",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t", Data::None)],
        Binary,
    ),
    sample(
        "percent-encoded as the binding says",
        "ce-specversion: 1.0\nce-id: 1\nce-source: /a%20b\nce-type: t\nce-subject: Euro%20%E2%82%AC%20%F0%9F%98%80%20100%25\n\
         ce-datacontenttype: text/plain",
        b"hello",
        &[(
            "specversion=1.0\nid=1\nsource=/a b\ntype=t\nsubject=Euro \u{20ac} \u{1f600} 100%\ndatacontenttype=text/plain",
            Text("hello"),
        )],
        Binary,
    ),
    sample(
        "bytes",
        "Ce-Specversion: 1.0\nCe-Id: 1\nCe-Source: /s\nCe-Type: t\nContent-Type: application/octet-stream",
        b"\x00\x01\xff{}",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=application/octet-stream", Bytes(b"\x00\x01\xff{}"))],
        Binary,
    ),
    sample(
        "a message of protocol buffers",
        "ce-specversion: 1.0\nce-id: 1\nce-source: /s\nce-type: t\nce-dataschema: https://x/y.proto\n\
         ce-datacontenttype: application/protobuf",
        b"\x08\x96\x01",
        &[(
            "specversion=1.0\nid=1\nsource=/s\ntype=t\ndataschema=https://x/y.proto\ndatacontenttype=application/protobuf",
            Bytes(b"\x08\x96\x01"),
        )],
        Binary,
    ),
    sample(
        "binary JSON without a type",
        "ce-specversion: 1.0\nce-id: 1\nce-source: /s\nce-type: t",
        b"{\"a\" : 1.0 }\n",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t", Json(r#"{"a":1.0}"#))],
        Binary,
    ),
    sample(
        "an event in an event",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"outer","source":"/s","type":"t","datacontenttype":"application/cloudevents+json",
            "data":{"specversion":"1.0","id":"inner","source":"/in","type":"in"}}"#,
        &[(
            "specversion=1.0\nid=outer\nsource=/s\ntype=t\ndatacontenttype=application/cloudevents+json",
            Json(r#"{"specversion":"1.0","id":"inner","source":"/in","type":"in"}"#),
        )],
        Structured,
    ),
    sample(
        "names that a header would lose",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","Id":"other","tenantId":"acme","$schema":"https://x/y",
            "example-extension":"1","dataContentType":"text/plain"}"#,
        &[(
            "specversion=1.0\nid=1\nsource=/s\ntype=t\nId=other\ntenantId=acme\n$schema=https://x/y\nexample-extension=1\n\
             dataContentType=text/plain",
            Data::None,
        )],
        Structured,
    ),
    sample(
        "version 0.3 with Base64",
        STRUCTURED,
        br#"{"specversion":"0.3","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","datacontentencoding":"base64",
            "data":"aGVsbG8="}"#,
        &[(
            "specversion=0.3\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/plain\ndatacontentencoding=base64",
            Text("hello"),
        )],
        Structured,
    ),
    sample(
        "null beside Base64",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":null,"data_base64":"AQ=="}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t", Bytes(b"\x01"))],
        Structured,
    ),
    sample(
        "a subject of its own",
        STRUCTURED,
        br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","natssubject":"own"}"#,
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\nnatssubject=own", Data::None)],
        Binary,
    ),
    sample(
        "a subject of its own, binary",
        "ce-specversion: 1.0\nce-id: 1\nce-source: /s\nce-type: t\nce-natssubject: own",
        b"",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\nnatssubject=own", Data::None)],
        Binary,
    ),
    sample(
        "headers as on Kafka",
        "ce_specversion: 1.0\nce_id: 1\nce_source: /s\nce_type: t\ncontent-type: text/plain",
        b"x",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\ndatacontenttype=text/plain", Text("x"))],
        Binary,
    ),
    sample(
        "headers as with AMQP",
        "cloudEvents_specversion: 1.0\ncloudEvents_id: 1%20\ncloudEvents_source: /s\ncloudEvents_type: t\ncontent-type: text/plain",
        b"x",
        &[("specversion=1.0\nid=1%20\nsource=/s\ntype=t\ndatacontenttype=text/plain", Text("x"))],
        Binary,
    ),
    sample(
        "headers as with MQTT",
        "specversion: 1.0\nid: 1\nsource: /s\ntype: t\nacme: a b\nContent-Type: text/plain",
        b"x",
        &[("specversion=1.0\nid=1\nsource=/s\ntype=t\nacme=a b\ndatacontenttype=text/plain", Text("x"))],
        Binary,
    ),
    sample(
        "several lines in one body",
        "",
        b"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}\n\
          {\"specversion\":\"1.0\",\"id\":\"2\",\"source\":\"/s\",\"type\":\"t\"}\n",
        &[
            ("specversion=1.0\nid=1\nsource=/s\ntype=t", Data::None),
            ("specversion=1.0\nid=2\nsource=/s\ntype=t", Data::None),
        ],
        Binary,
    ),
    sample(
        "joiners and selectors",
        STRUCTURED,
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"subject\":\"\u{645}\u{6cc}\u{200c}\u{62e}\u{648} \
         \u{2764}\u{fe0f} \u{1f469}\u{200d}\u{1f680}\",\"data\":{\"t\":\"\u{915}\u{94d}\u{200d}\u{937}\"}}"
            .as_bytes(),
        &[(
            "specversion=1.0\nid=1\nsource=/s\ntype=t\nsubject=\u{645}\u{6cc}\u{200c}\u{62e}\u{648} \u{2764}\u{fe0f} \
             \u{1f469}\u{200d}\u{1f680}",
            Json("{\"t\":\"\u{915}\u{94d}\u{200d}\u{937}\"}"),
        )],
        Binary,
    ),
];
