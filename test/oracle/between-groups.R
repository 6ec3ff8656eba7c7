# Makes between-groups.json with R alone (4.2.2, no packages): mean squares by anova(lm()), the dispersion by chisq.test().
# Rscript between-groups.R > between-groups.json
set.seed(20261123)
number <- function(x) sprintf("%.17g", x)
vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
table <- function(name, rows) paste0('"', name, '": [\n  ', paste(rows, collapse = ",\n  "), "\n]")

means <- sapply(1:12, function(i) {
  groups <- lapply(1:sample(2:9, 1), function(g) rnorm(sample(2:12, 1), rnorm(1, 0, if (i %% 3 == 0) 0 else 0.5), 1))
  data <- data.frame(y = unlist(groups), g = factor(rep(seq_along(groups), lengths(groups))))
  squares <- anova(lm(y ~ g, data))[["Mean Sq"]]
  sizes <- lengths(groups); n0 <- (sum(sizes) - sum(sizes^2) / sum(sizes)) / (length(sizes) - 1)
  paste0('{"groups": [', paste(sapply(groups, vector), collapse = ", "), '], "expected": ', number(sqrt(max(0, squares[1] - squares[2]) / n0)), "}")
})

rates <- sapply(1:12, function(i) {
  sizes <- sample(50:5000, sample(2:9, 1)); true <- 0.02 * exp(rnorm(length(sizes), 0, if (i %% 3 == 0) 0 else 0.6))
  events <- rpois(length(sizes), sizes * true); expected <- sizes * sum(events) / sum(sizes)
  test <- suppressWarnings(chisq.test(events, p = sizes / sum(sizes)))
  n0 <- (sum(expected) - sum(expected^2) / sum(expected)) / (length(expected) - 1)
  paste0('{"events": ', vector(events), ', "rate": ', vector(expected), ', "expected": ', number(sqrt(max(0, test$statistic / test$parameter - 1) / n0)), "}")
})

cat("{\n", table("means", means), ",\n", table("rates", rates), "\n}\n", sep = "")
