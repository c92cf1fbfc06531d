package blob_test

import (
	"encoding/json"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/blob"
)

func TestFieldsHaveThePrintedNames(t *testing.T) {
	t.Parallel()
	fields := blob.Fields{Key: "1", ContentType: "2", ACL: "3", Bucket: "4", Algorithm: "5", Credential: "6", Date: "7", Policy: "8", Signature: "9"}
	const want = `{"Key":"1","Content-Type":"2","ACL":"3","bucket":"4","X-Amz-Algorithm":"5","X-Amz-Credential":"6","X-Amz-Date":"7","Policy":"8","X-Amz-Signature":"9"}`
	got, err := json.Marshal(fields)
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
	var printed map[string]string
	if err := json.Unmarshal(got, &printed); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields.All() {
		if printed[name] != value {
			t.Errorf("a client posts %s=%s, printed is %q", name, value, printed[name])
		}
		delete(printed, name)
	}
	if len(printed) != 0 {
		t.Errorf("not posted: %v", printed)
	}
}
