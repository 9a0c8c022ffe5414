// Does nothing but load oclif; what start-up is measured against.
await import('@oclif/core')
