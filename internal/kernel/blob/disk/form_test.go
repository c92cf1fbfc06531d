package disk

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"
)

const boundary = "frontier"

// readForm reads a whole form: fields, file, end.
func readForm(in io.Reader, length int64) (fields map[string]string, file []byte, err error) {
	f, err := newForm(in, boundary)
	if err != nil {
		return nil, nil, err
	}
	if fields, err = f.fields(); err != nil {
		return nil, nil, err
	}
	low, high := f.sizeIn(length)
	if file, err = io.ReadAll(f.part()); err != nil {
		return nil, nil, err
	}
	if err := f.end(); err != nil {
		return nil, nil, err
	}
	if n := int64(len(file)); n < low || n > high {
		return nil, nil, errors.New("the size does not follow from the length of the body")
	}
	return fields, file, nil
}

// FuzzForm compares what is accepted with what mime/multipart reads, and with itself reading
// byte by byte: where a read ends must not matter.
func FuzzForm(f *testing.F) {
	part := func(header, content string) string {
		return "--" + boundary + "\r\nContent-Disposition: form-data; " + header + "\r\n\r\n" + content + "\r\n"
	}
	end := "--" + boundary + "--\r\n"
	f.Add([]byte(part(`name="Key"`, "k") + part(`name=acl`, "") + part(`name="file"; filename="x"`+"\r\nContent-Type: a/b", "data\r\n--front") + end))
	f.Add([]byte(part(`name="file"`, "") + end[:len(end)-2]))
	f.Add([]byte(part(`name="file"`, "--"+boundary+"\r\n\r\n") + end))
	f.Add([]byte(part(`name="file"`, strings.Repeat("x", window)) + end + "more"))
	f.Add([]byte(part(`name="a"`, strings.Repeat("x", maxFields)) + part(`name="file"`, "y") + end))
	f.Add([]byte(part(`name="a"`, "1") + part(`name="A"`, "2") + part(`name="file"`, "y") + end))
	f.Add([]byte(part("name=\"file\"\r\nContent-Transfer-Encoding: quoted-printable", "=41") + end))
	f.Add([]byte(part("name=\"a\"\r\nContent-Disposition: form-data; name=\"file\"", "which of the two?") + end))
	f.Add([]byte(part("name=\"file\"\r\nX\x7f: y", "header names have letters") + end))
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, file, err := readForm(bytes.NewReader(body), int64(len(body)))
		slowFields, slowFile, slowErr := readForm(iotest.OneByteReader(bytes.NewReader(body)), int64(len(body)))
		if (err == nil) != (slowErr == nil) || !bytes.Equal(file, slowFile) || len(fields) != len(slowFields) {
			t.Fatalf("at once %v, byte by byte %v", err, slowErr)
		}
		if err != nil {
			return
		}
		size := 0
		r := multipart.NewReader(bytes.NewReader(body), boundary)
		for range fields {
			p, err := r.NextRawPart()
			if err != nil {
				t.Fatal(err)
			}
			value, err := io.ReadAll(p)
			name := strings.ToLower(p.FormName())
			if want, is := fields[name]; err != nil || !is || want != string(value) {
				t.Errorf("field %q is %q, read was %q (%v)", name, value, want, err)
			}
			size += len(name) + len(value)
		}
		if size > maxFields {
			t.Errorf("fields of %d bytes were accepted", size)
		}
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil || !strings.EqualFold(p.FormName(), fileField) || !bytes.Equal(content, file) {
			t.Errorf("the file %q has %d bytes, read were %d (%v)", p.FormName(), len(content), len(file), err)
		}
		if _, err := r.NextRawPart(); err != io.EOF {
			t.Errorf("after the file comes %v", err)
		}
	})
}
