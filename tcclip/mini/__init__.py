"""The mini suite: generated stand-ins for the five datasets (`writer`) and captioned stills (`stills`)."""
