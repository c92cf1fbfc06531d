package console

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/api"
)

// maxPicture is how large a form with a picture may be, in bytes.
const maxPicture = 12 << 20

// picturePath takes a picture, and so larger forms than others.
const picturePath = "/profile/picture"

// slot is where a file is sent, as GET /api/media gives it.
type slot struct {
	FileID        string `json:"fileId"`
	SignedRequest struct {
		URL    string            `json:"url"`
		Fields map[string]string `json:"fields"`
	} `json:"signedRequest"`
}

var (
	errNoPicture  = &problem{Status: http.StatusBadRequest, Detail: "Choose a picture."}
	errElsewhere  = &problem{Status: http.StatusBadRequest, Detail: "Files are kept on another server, which takes them from script alone. Switch script on for this site."}
	errNotTaken   = &problem{Status: http.StatusBadRequest, Detail: "The file could not be sent."}
	errPictureBig = &problem{Status: http.StatusBadRequest, Detail: "The form could not be read. It may be too large."}
)

// savePicture gives the reader a picture, or takes it away. Script has sent the file by itself and
// names it; without script it comes with the form.
func (c *Console) savePicture(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	var id any
	err := error(nil)
	if v.text("remove") == "" {
		id = v.text("fileId")
		if id == "" {
			id, err = v.sentPicture()
		}
	}
	if err == nil {
		err = v.call(http.MethodPatch, at("api", "users", v.who.UserID), map[string]any{"fileId": id}, nil)
	}
	if err == nil {
		return v.done("/profile", "Your profile is saved.")
	}
	return v.formPage(err, func(p *problem) templ.Component { return profilePage(v.me, p) })
}

// sentPicture passes the file of a form on to the store of this server, and gives its id.
func (v *visit) sentPicture() (string, error) {
	file, about, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return "", errNoPicture
	}
	if err != nil {
		return "", errPictureBig
	}
	defer func() { _ = file.Close() }() // it was read only
	var to slot
	q := url.Values{"mime": {about.Header.Get("Content-Type")}, "name": {about.Filename}, "moduleCode": {"1"}}
	if err := v.get("/api/media", q, &to); err != nil {
		return "", err
	}
	path, here := strings.CutPrefix(to.SignedRequest.URL, strings.TrimSuffix(v.c.d.URL, "/"))
	if !here {
		return "", errElsewhere
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range to.SignedRequest.Fields {
		if err := form.WriteField(name, value); err != nil {
			return "", err
		}
	}
	part, err := form.CreateFormFile("file", about.Filename)
	if err == nil {
		_, err = io.Copy(part, file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(v.ctx(), http.MethodPost, path, &body) //nolint:gosec // goes nowhere: the store of this process answers
	if err != nil {
		return "", err
	}
	r.RemoteAddr = v.r.RemoteAddr
	r.Header.Set("Content-Type", form.FormDataContentType())
	a := &answer{header: http.Header{}}
	v.c.d.API.ServeHTTP(a, api.As(r, v.who))
	if a.status >= http.StatusBadRequest {
		return "", errNotTaken
	}
	return to.FileID, nil
}
