package play_test

import (
	"testing"

	"github.com/countersign/countersign/internal/testkit/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
