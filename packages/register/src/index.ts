import { register } from './register.ts'

// Importing this package is how it is used: node --import @coalmine/register app.js
register()
