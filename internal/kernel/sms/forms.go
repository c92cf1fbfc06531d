package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// gateway is WorkDrive's own form.
type gateway struct {
	url, sender string
	key         []byte
}

func newGateway(s Settings) (gateway, error) {
	key, err := ParseSecret(s.Secret)
	if err != nil {
		return gateway{}, fmt.Errorf("sms: %w", err)
	}
	return gateway{url: s.URL, sender: s.Sender, key: key}, nil
}

func (g gateway) request(ctx context.Context, m Message, now time.Time) (*http.Request, error) {
	body, err := json.Marshal(struct {
		ID     string `json:"id"`
		To     string `json:"to"`
		Text   string `json:"text"`
		Sender string `json:"sender,omitempty"`
	}{m.Key, m.To, m.Text, g.sender})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Idempotency-Key", m.Key)
	at := strconv.FormatInt(now.Unix(), 10)
	r.Header.Set("webhook-id", m.Key)
	r.Header.Set("webhook-timestamp", at)
	r.Header.Set("webhook-signature", "v1,"+sign(g.key, m.Key, at, body))
	return r, nil
}

// sign is the signature of Standard Webhooks.
func sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// twilio is the form of Twilio's Messages resource.
type twilio struct{ url, account, token, sender string }

var (
	account = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
	pool    = regexp.MustCompile(`^MG[0-9a-f]{32}$`) // a messaging service, which has several numbers
)

func newTwilio(s Settings) (twilio, error) {
	switch {
	case !account.MatchString(s.Account):
		return twilio{}, errors.New("sms: the account must be letters and digits")
	case s.Secret == "" || s.Sender == "":
		return twilio{}, errors.New("sms: an account needs its secret and the sender's number")
	}
	return twilio{url: strings.TrimRight(s.URL, "/") + "/2010-04-01/Accounts/" + s.Account + "/Messages.json", account: s.Account, token: s.Secret, sender: s.Sender}, nil
}

func (x twilio) request(ctx context.Context, m Message, _ time.Time) (*http.Request, error) {
	body := url.Values{"To": {m.To}, "Body": {m.Text}}
	if pool.MatchString(x.sender) {
		body.Set("MessagingServiceSid", x.sender)
	} else {
		body.Set("From", x.sender)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.url, strings.NewReader(body.Encode()))
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(x.account, x.token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	return r, nil
}
