//! Views of engine events: terminal, plain lines, JSON.
