"""What people say of when, in English: understood whole or refused, and said back as they would."""
