package postpolicy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	amzDate   = "20060102T150405Z"
	day       = "20060102"
	scopeEnd  = "s3/aws4_request"
)

// Account is whom a store knows: its bucket and the key pair that signs.
type Account struct {
	Bucket    string
	Region    string
	AccessKey string
	Secret    string
}

// Issue signs a policy that fixes everything the form may say: bucket, key, type, ACL, size
// and signature. The upload must have passed its Check.
func (a Account) Issue(up blob.Upload, acl string, now time.Time) blob.Fields {
	f := blob.Fields{
		Key: up.Key, ContentType: up.ContentType, ACL: acl, Bucket: a.Bucket,
		Algorithm:  algorithm,
		Credential: a.AccessKey + "/" + now.UTC().Format(day) + "/" + a.Region + "/" + scopeEnd,
		Date:       now.UTC().Format(amzDate),
	}
	f.Policy = Policy{
		Expiration: now.Add(up.Expires),
		Conditions: []Condition{
			{Op: Equal, Field: "bucket", Value: f.Bucket},
			{Op: Equal, Field: "key", Value: f.Key},
			{Op: Equal, Field: "content-type", Value: f.ContentType},
			{Op: Equal, Field: "acl", Value: f.ACL},
			{Op: Equal, Field: "x-amz-algorithm", Value: f.Algorithm},
			{Op: Equal, Field: "x-amz-credential", Value: f.Credential},
			{Op: Equal, Field: "x-amz-date", Value: f.Date},
			{Op: LengthRange, Min: up.MinBytes, Max: up.MaxBytes},
		},
	}.Encode()
	f.Signature = a.sign(f.Policy, now.UTC().Format(day))
	return f
}

// sign is Signature Version 4 of a string: for a POST, of the policy as the form carries it.
func (a Account) sign(text, date string) string {
	key := []byte("AWS4" + a.Secret)
	for _, part := range []string{date, a.Region, "s3", "aws4_request", text} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	return hex.EncodeToString(key)
}
