# Makes evidence.json with R alone (4.2.2, no packages): each kind of evidence worked out another way than in the code.
# Rscript evidence.R > evidence.json
set.seed(20261121)
number <- function(x) sprintf("%.17g", x)
vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
row <- function(...) { fields <- list(...); paste0("{", paste0('"', names(fields), '": ', unlist(fields), collapse = ", "), "}") }
table <- function(name, rows) paste0('"', name, '": [\n  ', paste(rows, collapse = ",\n  "), "\n]")
log_sum <- function(logs) max(logs) + log(sum(exp(logs - max(logs))))
log_mean <- function(logs) log_sum(logs) - log(length(logs))

# log E exp(tilt y), y hypergeometric: the whole sum over dhyper.
log_moment <- function(n, m, events, tilt) {
  y <- max(0, events - n):min(events, m)
  log_sum(dhyper(y, m, n, events, log = TRUE) + tilt * y)
}
sizes <- list(c(450, 50, 5), c(450, 50, 50), c(450, 50, 500), c(450, 50, 499), c(50, 450, 5), c(50, 450, 250), c(7, 5, 6), c(1, 1, 1),
  c(4500, 500, 5), c(4500, 500, 500), c(25000, 25000, 500), c(99000, 1000, 1000))
moments <- unlist(lapply(sizes, function(s) sapply(log(c(1 / 20, 1 / 1.5, 1, 1.1, 3, 20)), function(tilt)
  row(n = number(s[1]), m = number(s[2]), events = number(s[3]), tilt = number(tilt), expected = number(log_moment(s[1], s[2], s[3], tilt))))))

# The one-sided normal mixture by numerical integration over the half normal prior.
mixture <- function(sum, variance, precision) {
  at <- max(0, sum / (variance + precision)); wide <- 1 / sqrt(variance + precision)
  height <- at * sum - at^2 * variance / 2 + dnorm(at, sd = 1 / sqrt(precision), log = TRUE)
  f <- function(l) exp(l * sum - l^2 * variance / 2 + dnorm(l, sd = 1 / sqrt(precision), log = TRUE) - height)
  log(2) + height + log(integrate(f, max(0, at - 12 * wide), at + 12 * wide, rel.tol = 1e-12, subdivisions = 1000)$value)
}
mixtures <- apply(expand.grid(c(-20, -3, 0, 3, 40), c(0, 10, 500), c(0.7, 3.1601269814, 17)), 1, function(s)
  row(sum = number(s[1]), variance = number(s[2]), precision = number(s[3]), expected = number(mixture(s[1], s[2], s[3]))))

# The canary's wins: the statistic W of wilcox.test, ties counted one half.
wins <- sapply(1:12, function(i) {
  stable <- ceiling(rlnorm(sample(1:60, 1), 2, 0.8)); canary <- ceiling(rlnorm(sample(1:20, 1), 2.2, 0.8))
  w <- suppressWarnings(wilcox.test(canary, stable, exact = FALSE))$statistic
  row(stable = vector(stable), canary = vector(canary), expected = number(w))
})

tilts <- log(c(1.2, 1.5, 2, 4, 12))
odds <- sapply(1:40, function(i) {
  blocks <- lapply(1:sample(1:6, 1), function(b) { n <- sample(1:800, 1); m <- sample(1:200, 1); p <- runif(1, 0, 0.2); c(n, rbinom(1, n, p), m, rbinom(1, m, min(1, 2 * p))) })
  ratio <- sample(c(1, 1.5, 0.5), 1); sign <- sample(c(1, -1), 1)
  logs <- sapply(sign * tilts, function(tilt) sum(sapply(blocks, function(b) {
    events <- b[2] + b[4]
    tilt * b[4] - log_moment(b[1], b[3], events, log(ratio) + tilt) + log_moment(b[1], b[3], events, log(ratio))
  })))
  row(greater = if (sign > 0) "true" else "false", oddsRatio = number(ratio), blocks = paste0("[", paste(sapply(blocks, vector), collapse = ", "), "]"), expected = number(log_mean(logs)))
})

# Beta-binomial mixture: the likelihood ratio integrated over the prior, cut off at the share when one-sided.
share_evidence <- function(side, share, k, stable, canary) {
  a <- k * share; b <- k * (1 - share)
  mean <- (a + canary) / (k + stable + canary); wide <- sqrt(mean * (1 - mean) / (k + stable + canary))
  from <- max(0, mean - 14 * wide); to <- min(1, mean + 14 * wide); mass <- 0
  if (side == "greater") { from <- max(from, share); to <- max(to, share + 14 * wide); mass <- pbeta(share, a, b, lower.tail = FALSE, log.p = TRUE) }
  if (side == "less") { to <- min(to, share); from <- min(from, share - 14 * wide); mass <- pbeta(share, a, b, log.p = TRUE) }
  from <- max(0, from); to <- min(1, to)
  g <- function(t) dbeta(t, a, b, log = TRUE) + canary * (log(t) - log(share)) + stable * (log1p(-t) - log1p(-share))
  peak <- max(g(seq(from, to, length.out = 2001)[2:2000]))
  log(integrate(function(t) exp(g(t) - peak), from, to, rel.tol = 1e-11, subdivisions = 2000)$value) + peak - mass
}
shares <- unlist(lapply(list(c(0.5, 100, 212, 156), c(0.5, 1000, 5200, 4800), c(0.1, 1000, 9000, 1000), c(0.1, 1000, 9300, 700), c(0.05, 1000, 95, 5), c(0.5, 1000, 815482, 821588)), function(s)
  sapply(c("greater", "less", "different"), function(side)
    row(alternative = paste0('"', side, '"'), share = number(s[1]), concentration = number(s[2]), stable = number(s[3]), canary = number(s[4]),
      expected = number(share_evidence(side, s[1], s[2], s[3], s[4]))))))

holms <- sapply(1:20, function(i) { p <- round(rbeta(sample(2:9, 1), 0.2, 3), 4); row(pValues = vector(p), adjusted = vector(p.adjust(p, "holm"))) })

quantiles <- sapply(1:6, function(i) { x <- rlnorm(2000, -2, 0.6); q <- c(0.1, 0.5, 0.9, 0.99)
  row(values = vector(signif(x, 6)), q = vector(q), expected = vector(quantile(signif(x, 6), q, type = 1)), mean = number(mean(signif(x, 6)))) })

cat("{\n", paste(c(table("logMoments", moments), table("normalMixture", mixtures), table("wins", wins), table("oddsRatio", odds),
  table("share", shares), table("holm", holms), table("quantiles", quantiles[1:2])), collapse = ",\n"), "\n}\n", sep = "")
