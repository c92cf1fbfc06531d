package disk

import (
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/postpolicy"
)

// ServeHTTP takes the form of a signed post, as S3's POST Object does: 204, or 201 with an XML
// answer where success_action_status says so; refusals are S3's XML errors. It needs no other
// authentication than the signature, and may be mounted anywhere; the last segment of the path
// is the bucket.
//
// It uses a fixed amount of memory, whatever is sent. How long a client may take is the
// caller's to bound (http.ResponseController.SetReadDeadline), and how many at once.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	info, grant, err := s.post(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	location := s.url + "/" + s.account.Bucket + "/" + info.Key
	w.Header().Set("ETag", info.ETag)
	w.Header().Set("Location", location)
	switch grant.SuccessStatus {
	case "200":
		w.WriteHeader(http.StatusOK)
	case "201":
		s.answer(w, http.StatusCreated, postResponse{Location: location, Bucket: s.account.Bucket, Key: info.Key, ETag: info.ETag})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// post checks the request as far as possible before it reads the file.
func (s *Store) post(r *http.Request) (blob.Info, postpolicy.Grant, error) {
	var none postpolicy.Grant
	f, err := s.openForm(r)
	if err != nil {
		return blob.Info{}, none, err
	}
	fields, err := f.fields()
	if err != nil {
		return blob.Info{}, none, err
	}
	grant, err := s.account.Verify(fields, s.clock.Now())
	if err != nil {
		return blob.Info{}, none, err
	}
	if blob.CheckKey(grant.Key) != nil {
		return blob.Info{}, none, &postpolicy.Refusal{Status: http.StatusBadRequest, Code: "InvalidArgument", Message: "The key is not one this server gave out."}
	}
	low, high := f.sizeIn(r.ContentLength)
	if err := errors.Join(fits(grant, low, grant.Max), fits(grant, grant.Min, high)); err != nil {
		return blob.Info{}, none, err
	}
	if err := s.checkUnused(grant.Key); err != nil {
		return blob.Info{}, none, err
	}
	if err := s.write(path.Join(objects, grant.Key), &file{form: f, grant: grant}, s.renameOnce(grant.Key)); err != nil {
		return blob.Info{}, none, err
	}
	info, err := s.stat(grant.Key)
	return info, grant, err
}

// fits refuses a file of at least low and at most high bytes that cannot be in the range.
func fits(grant postpolicy.Grant, low, high int64) error {
	if low > grant.Max {
		return &postpolicy.Refusal{Status: http.StatusBadRequest, Code: "EntityTooLarge",
			Message: "The file is larger than the " + strconv.FormatInt(grant.Max, 10) + " bytes the policy allows."}
	}
	if high < grant.Min {
		return &postpolicy.Refusal{Status: http.StatusBadRequest, Code: "EntityTooSmall",
			Message: "The file is smaller than the " + strconv.FormatInt(grant.Min, 10) + " bytes the policy asks for."}
	}
	return nil
}

// file reads the file of a form; instead of its end it gives an error when the file or what
// follows it is not as it must be, so that nothing of it is kept.
type file struct {
	*form
	grant postpolicy.Grant
	n     int64
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.readPart(p)
	f.n += int64(n)
	if f.n > f.grant.Max {
		return 0, fits(f.grant, f.n, f.n)
	}
	if errors.Is(err, io.EOF) {
		if err := errors.Join(fits(f.grant, f.n, f.n), f.end()); err != nil {
			return 0, err
		}
	}
	return n, err
}

func (s *Store) openForm(r *http.Request) (*form, error) {
	if path.Base(r.URL.Path) != s.account.Bucket {
		return nil, &postpolicy.Refusal{Status: http.StatusNotFound, Code: "NoSuchBucket", Message: "There is no such bucket."}
	}
	if r.Method != http.MethodPost {
		return nil, &postpolicy.Refusal{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "Only POST is allowed here."}
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, &postpolicy.Refusal{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed", Message: "The body must be multipart/form-data."}
	}
	if r.ContentLength < 0 {
		return nil, &postpolicy.Refusal{Status: http.StatusLengthRequired, Code: "MissingContentLength", Message: "The Content-Length header is needed."}
	}
	return newForm(body{r.Body}, params["boundary"])
}

// errBody says that the client, not the disk, is why an upload failed.
var errBody = errors.New("the body could not be read")

type body struct{ io.Reader }

func (b body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errors.Join(errBody, err)
	}
	return n, err
}

type postResponse struct {
	XMLName                     xml.Name `xml:"PostResponse"`
	Location, Bucket, Key, ETag string
}

type errorResponse struct {
	XMLName       xml.Name `xml:"Error"`
	Code, Message string
}

// refuse answers an error in S3's form.
func (s *Store) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *postpolicy.Refusal
	switch {
	case errors.As(err, &refusal):
	case errors.Is(err, errUsed):
		refusal = &postpolicy.Refusal{Status: http.StatusConflict, Code: "PreconditionFailed", Message: "The signed post was used: ask for another."}
	case errors.Is(err, errFields):
		refusal = &postpolicy.Refusal{Status: http.StatusBadRequest, Code: "MaxPostPreDataLengthExceeded", Message: "The form's fields are larger than 20 KiB."}
	case errors.Is(err, errBody):
		refusal = &postpolicy.Refusal{Status: http.StatusBadRequest, Code: "IncompleteBody", Message: "The body ended before its Content-Length, or took too long."}
	case errors.Is(err, errForm):
		refusal = &postpolicy.Refusal{Status: http.StatusBadRequest, Code: "MalformedPOSTRequest",
			Message: "The body must be multipart/form-data: every field once, then the file in a field named file, then nothing."}
	case isFull(err):
		s.log.ErrorContext(r.Context(), "no space left for an upload", "err", err)
		refusal = &postpolicy.Refusal{Status: http.StatusInsufficientStorage, Code: "StorageFull", Message: "There is no space left to store this."}
	default:
		s.log.ErrorContext(r.Context(), "an upload failed", "err", err)
		refusal = &postpolicy.Refusal{Status: http.StatusInternalServerError, Code: "InternalError", Message: "The file could not be stored. Try again."}
	}
	s.answer(w, refusal.Status, errorResponse{Code: refusal.Code, Message: refusal.Message})
}

func (s *Store) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(body) // the client may be gone
}
