package webpush_test

import (
	"crypto/ecdh"
	"encoding/base64"
	"testing"

	"github.com/workdrive/workdrive/internal/testkit/pushsink"
)

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return raw
}

// TestTheBrowserReadsTheExampleOfTheStandard shows that the test's own browser is one (RFC 8291,
// 5 and appendix A).
func TestTheBrowserReadsTheExampleOfTheStandard(t *testing.T) {
	t.Parallel()
	key, err := ecdh.P256().NewPrivateKey(unbase64(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	b := pushsink.Browser{Key: key, Auth: unbase64(t, "BTBZMqHH6r4Tts7J_aSIgg")}
	if got := b.Subscription("").P256dh; got != "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4" {
		t.Errorf("the public key is %s", got)
	}
	text, err := b.Decrypt(unbase64(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"))
	if err != nil || string(text) != "When I grow up, I want to be a watermelon" {
		t.Errorf("%q, %v", text, err)
	}
}
