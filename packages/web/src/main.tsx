import { render } from 'preact'
import { App, Report } from './app.tsx'
import type { ReportData } from './data/model.ts'
import { makeAllReadable } from './data/readable.ts'
import './style.css'

makeAllReadable()
const root = document.getElementById('app')!
const data = document.getElementById('coalmine-data')?.textContent
render(data ? <Report data={JSON.parse(data) as ReportData} /> : <App />, root)
