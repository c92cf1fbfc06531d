// Package blob keeps the bytes of files behind one interface: on this server's disk
// (blob/disk) or on an S3 server (blob/s3).
//
// A client uploads with a signed POST, the browser form upload of S3: the server signs a
// policy (blob/postpolicy) that fixes where the one file goes, of which type it is, how
// large it may be and until when; the client posts the fields of the policy and the file,
// last, to the store. Bytes of uploads to S3 never pass through this server.
//
// A store knows no people: whoever holds a signed post may use it, and whoever can call
// Open reads. Who may do either is the caller's decision, and so are the row that makes a
// key a file, its type (a store gives none back: the client chose the bytes), what the bytes
// really are, and quotas. Objects are private: nothing here serves one to the outside.
//
// A store has no part in the caller's transaction. Write the row first and take what List
// finds without a row, older than MaxExpires, for an orphan.
//
// Errors are faults: not found, storage full, unavailable.
package blob

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Store keeps objects by key. Methods are safe for concurrent use, and refuse a key that
// CheckKey refuses.
type Store interface {
	// Presign allows whoever holds the answer to upload one object.
	Presign(ctx context.Context, up Upload) (SignedPost, error)
	// Put writes an object, or leaves the store as it was; one that is there is replaced. It is
	// for files the server makes, such as thumbnails.
	Put(ctx context.Context, key string, content Content) (Info, error)
	// Stat tells about an object.
	Stat(ctx context.Context, key string) (Info, error)
	// Open opens an object for reading from any offset, as http.ServeContent wants it. The
	// context must live as long as the reading.
	Open(ctx context.Context, key string) (*Object, error)
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	// List gives the objects whose keys come after a key ("" is before all), in the order of
	// the bytes of their keys. It ends with the first error.
	List(ctx context.Context, after string) iter.Seq2[Info, error]
}

// Limits of a signed post.
const (
	// MaxExpires is the longest time a signed post may be used. S3 servers refuse signatures
	// that are much older.
	MaxExpires = time.Hour
	// MaxPost is the most one POST to an S3 server may carry, in bytes.
	MaxPost = 5 << 30
)

// Upload is what a signed post allows: one object.
type Upload struct {
	Key         string
	ContentType string        // "video/mp4", with parameters if any; fixed by the policy
	MinBytes    int64         // 0 allows an empty file
	MaxBytes    int64         // 1 to MaxPost
	Expires     time.Duration // from now; more than 0, at most MaxExpires
}

// SignedPost is where to send the form, and its fields.
type SignedPost struct {
	URL    string `json:"url" doc:"Address to POST the multipart/form-data form to"`
	Fields Fields `json:"fields" doc:"Fields to send as they are, followed by the file in a field named file"`
}

// Fields are the form fields of a signed post under the names the reference prints. Stores
// read the names case-insensitively.
type Fields struct {
	Key         string `json:"Key" doc:"Where the file goes"`
	ContentType string `json:"Content-Type" doc:"Type the file was announced as"`
	ACL         string `json:"ACL" doc:"Required by the form; files are private whatever it says"`
	Bucket      string `json:"bucket" doc:"Bucket of the store"`
	Algorithm   string `json:"X-Amz-Algorithm" doc:"How it is signed"`
	Credential  string `json:"X-Amz-Credential" doc:"Whose signature it is"`
	Date        string `json:"X-Amz-Date" doc:"When it was signed"`
	Policy      string `json:"Policy" doc:"What is allowed, signed"`
	Signature   string `json:"X-Amz-Signature" doc:"The signature"`
}

// All gives the names and values in the printed order.
func (f Fields) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, field := range [][2]string{
			{"Key", f.Key}, {"Content-Type", f.ContentType}, {"ACL", f.ACL}, {"bucket", f.Bucket},
			{"X-Amz-Algorithm", f.Algorithm}, {"X-Amz-Credential", f.Credential}, {"X-Amz-Date", f.Date},
			{"Policy", f.Policy}, {"X-Amz-Signature", f.Signature},
		} {
			if !yield(field[0], field[1]) {
				return
			}
		}
	}
}

// Content is what Put writes.
type Content struct {
	Reader io.Reader
	Size   int64  // in bytes: fewer are an error, more are not read
	Type   string // a media type, for those who look at the bucket
}

// Info tells about an object.
type Info struct {
	Key      string
	Size     int64
	ETag     string // quoted, ready for the header; changes whenever the bytes do
	Modified time.Time
}

// Object is an open object. Close it.
type Object struct {
	Info
	io.ReadSeekCloser
}

// NotFound is the error for an object that is not there.
func NotFound() error { return fault.NotFound("file") }

// Check refuses an upload that no store could allow; these are defects of the caller.
func (up Upload) Check() error {
	if err := CheckKey(up.Key); err != nil {
		return err
	}
	var why string
	switch {
	case !mediaType.MatchString(up.ContentType):
		why = "the content type is not a media type"
	case up.MinBytes < 0 || up.MaxBytes < 1 || up.MaxBytes < up.MinBytes || up.MaxBytes > MaxPost:
		why = "the sizes must be 0 <= MinBytes <= MaxBytes, and MaxBytes 1 to MaxPost"
	case up.Expires <= 0 || up.Expires > MaxExpires:
		why = "Expires must be more than 0 and at most MaxExpires"
	default:
		return nil
	}
	return fault.New(fault.KindInternal, "blob.uploadInvalid", why)
}
