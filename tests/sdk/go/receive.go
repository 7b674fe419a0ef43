// What the SDK for Go makes of requests: see receive.py.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

type request struct {
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		told, err := receive(line)
		if err != nil {
			told = map[string]any{"error": err.Error()}
		}
		if err := out.Encode(told); err != nil {
			panic(err)
		}
	}
}

func receive(line []byte) (map[string]any, error) {
	var request request
	if err := json.Unmarshal(line, &request); err != nil {
		return nil, err
	}
	header := http.Header{}
	for name, value := range request.Headers {
		header.Set(name, value)
	}
	body := readCloser{bytes.NewReader(request.Body)}
	message := cehttp.NewMessage(header, body)
	received, err := binding.ToEvent(context.Background(), message)
	if err != nil {
		return nil, err
	}
	attributes := attributes(received)
	var data any
	if encoded := received.Data(); len(encoded) > 0 {
		data = map[string]string{"base64": base64.StdEncoding.EncodeToString(encoded)}
	}
	return map[string]any{"attributes": attributes, "data": data}, nil
}

// The attributes that the test looks at; absent ones are none.
func attributes(event *event.Event) map[string]any {
	all := map[string]any{"id": event.ID(), "source": event.Source(), "type": event.Type()}
	if subject := event.Subject(); subject != "" {
		all["subject"] = subject
	}
	return all
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
